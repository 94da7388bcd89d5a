// C++ exceptions. zig brings the source of their runtime, but leaves it out on WASI: it is compiled here.
#define _LIBCPP_BUILDING_LIBRARY
#define _LIBCPP_ENABLE_CXX17_REMOVED_UNEXPECTED_FUNCTIONS
#define _LIBCXXABI_BUILDING_LIBRARY
#define _LIBCXXABI_HAS_NO_THREADS
#include <../src/cxa_exception.cpp>
#include <../src/cxa_exception_storage.cpp>
#include <../src/cxa_personality.cpp>

// The engine unwinds the stack by itself. What is left of libunwind is where the code that the compiler
// makes for a `catch`, and the function that decides whether it catches, tell each other what they know.
// The kind of WebAssembly exception that an exception of C++ is: a pointer.
__asm__(".globl __cpp_exception\n.tagtype __cpp_exception i32\n__cpp_exception:\n");

extern "C" {

struct {
  uintptr_t landing_pad;
  void *table;
  uintptr_t selector;
} __wasm_lpad_context;

_Unwind_Reason_Code _Unwind_CallPersonality(void *thrown) {
  auto *exception = static_cast<_Unwind_Exception *>(thrown);
  auto *context = reinterpret_cast<_Unwind_Context *>(&__wasm_lpad_context);
  __wasm_lpad_context.selector = 0;
  return __cxxabiv1::__gxx_personality_wasm0(1, _UA_SEARCH_PHASE, exception->exception_class, exception, context);
}

_Unwind_Reason_Code _Unwind_RaiseException(_Unwind_Exception *exception) {
  __builtin_wasm_throw(0, exception);
}

void _Unwind_DeleteException(_Unwind_Exception *exception) {
  if (exception->exception_cleanup) exception->exception_cleanup(_URC_FOREIGN_EXCEPTION_CAUGHT, exception);
}

void _Unwind_SetGR(_Unwind_Context *, int index, _Unwind_Word value) {
  if (index == 1) __wasm_lpad_context.selector = value;
}

void _Unwind_SetIP(_Unwind_Context *, _Unwind_Word) {}

_Unwind_Word _Unwind_GetIP(_Unwind_Context *) { return __wasm_lpad_context.landing_pad + 2; }

void *_Unwind_GetLanguageSpecificData(_Unwind_Context *) { return __wasm_lpad_context.table; }

uintptr_t _Unwind_GetRegionStart(_Unwind_Context *) { return 0; }

}
