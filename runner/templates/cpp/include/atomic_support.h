// libc++abi names this header so.
#include <../src/include/atomic_support.h>
