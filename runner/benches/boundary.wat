;; What crosses the boundary, each way: the host calls what takes and gives texts, bytes and records and
;; does nothing with them; `say` and `put` call the host so many times.
(component
  (import "taskrunner:plugin/log@0.1.0" (instance $log
    (type $level (enum "trace" "debug" "info" "warn" "error"))
    (export "level" (type $l (eq $level)))
    (type $field (tuple string string))
    (export "log" (func (param "level" $l) (param "message" string) (param "fields" (list $field))))))
  (import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
  (alias export $errors "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $error (type $outer-error))
    (export "error" (type $e (eq $outer-error)))
    (export "output-stream" (type $out (sub resource)))
    (type $reason (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $reason)))
    (type $done (result (error $stream-error)))
    (export "[method]output-stream.check-write"
      (func (param "self" (borrow $out)) (result (result u64 (error $stream-error)))))
    (export "[method]output-stream.write"
      (func (param "self" (borrow $out)) (param "contents" (list u8)) (result $done)))
    (export "[method]output-stream.blocking-flush"
      (func (param "self" (borrow $out)) (result $done)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $out)) (param "contents" (list u8)) (result $done)))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $outer-stream))
    (export "output-stream" (type $o (eq $outer-stream)))
    (export "get-stdout" (func (result (own $o))))))

  (core module $memory
    (memory (export "memory") 32)
    ;; What the host hands over is written over by the next: nothing is kept.
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1048576))
    (data (i32.const 1024) "a line of the log, as long as they are")
    ;; A field: name and value.
    (data (i32.const 1088) "path")
    (data (i32.const 1092) "src/main.rs")
    (data (i32.const 1104) "\40\04\00\00\04\00\00\00\44\04\00\00\0b\00\00\00"))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (alias core export $memory "realloc" (core func $realloc))

  (core func $log (canon lower (func $log "log") (memory $mem)))
  (core func $get (canon lower (func $stdout "get-stdout")))
  (core func $check (canon lower (func $streams "[method]output-stream.check-write") (memory $mem)))
  (core func $write (canon lower (func $streams "[method]output-stream.write") (memory $mem)))
  (core func $flush (canon lower (func $streams "[method]output-stream.blocking-flush") (memory $mem)))
  (core func $at-once
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $mem)))

  (core module $guest
    (import "host" "log" (func $log (param i32 i32 i32 i32 i32)))
    (import "host" "get" (func $get (result i32)))
    (import "host" "check" (func $check (param i32 i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "flush" (func $flush (param i32 i32)))
    (import "host" "at-once" (func $at-once (param i32 i32 i32 i32)))
    (import "host" "memory" (memory 32))
    (global $stdout (mut i32) (i32.const -1))
    (func (export "empty"))
    (func (export "take") (param i32 i32))
    ;; As many bytes as it is asked for, from a page of its own.
    (func (export "give") (param i32) (result i32)
      (i32.store (i32.const 16) (i32.const 65536))
      (i32.store (i32.const 20) (local.get 0))
      (i32.const 16))
    (func (export "say") (param $level i32) (param $times i32)
      (loop $again
        (if (local.get $times) (then
          (call $log (local.get $level) (i32.const 1024) (i32.const 38) (i32.const 1104) (i32.const 1))
          (local.set $times (i32.sub (local.get $times) (i32.const 1)))
          (br $again)))))
    (func $open
      (if (i32.eq (global.get $stdout) (i32.const -1)) (then (global.set $stdout (call $get)))))
    ;; In the one call that WASI 0.2 has for it, of at most 4,096 bytes.
    (func (export "put") (param $size i32) (param $times i32)
      (call $open)
      (loop $again
        (if (local.get $times) (then
          (call $at-once (global.get $stdout) (i32.const 65536) (local.get $size) (i32.const 16))
          (if (i32.load8_u (i32.const 16)) (then unreachable))
          (local.set $times (i32.sub (local.get $times) (i32.const 1)))
          (br $again)))))
    ;; In three calls, as C libraries do with whatever they are given.
    (func (export "put-any") (param $size i32) (param $times i32)
      (call $open)
      (loop $again
        (if (local.get $times) (then
          (call $check (global.get $stdout) (i32.const 16))
          (if (i32.load8_u (i32.const 16)) (then unreachable))
          (call $write (global.get $stdout) (i32.const 65536) (local.get $size) (i32.const 16))
          (if (i32.load8_u (i32.const 16)) (then unreachable))
          (call $flush (global.get $stdout) (i32.const 16))
          (if (i32.load8_u (i32.const 16)) (then unreachable))
          (local.set $times (i32.sub (local.get $times) (i32.const 1)))
          (br $again))))))
  (core instance $guest (instantiate $guest (with "host" (instance
    (export "log" (func $log))
    (export "get" (func $get))
    (export "check" (func $check))
    (export "write" (func $write))
    (export "flush" (func $flush))
    (export "at-once" (func $at-once))
    (export "memory" (memory $mem))))))

  (func (export "empty") (canon lift (core func $guest "empty")))
  (func (export "text") (param "a" string)
    (canon lift (core func $guest "take") (memory $mem) (realloc $realloc)))
  (func (export "bytes") (param "a" (list u8))
    (canon lift (core func $guest "take") (memory $mem) (realloc $realloc)))
  (func (export "records") (param "a" (list (tuple string string)))
    (canon lift (core func $guest "take") (memory $mem) (realloc $realloc)))
  (func (export "give") (param "size" u32) (result (list u8))
    (canon lift (core func $guest "give") (memory $mem)))
  (func (export "say") (param "level" u8) (param "times" u32) (canon lift (core func $guest "say")))
  (func (export "put") (param "size" u32) (param "times" u32) (canon lift (core func $guest "put")))
  (func (export "put-any") (param "size" u32) (param "times" u32)
    (canon lift (core func $guest "put-any"))))
