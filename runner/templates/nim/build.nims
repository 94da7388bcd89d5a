# Makes build/core.wasm of main.nim: Nim writes C, and zig compiles that for WASI.
import std/[compilesettings, os, strutils]

rmDir "build/c"
exec "nim c --compileOnly --noMain --nimcache:build/c --hints:off" &
  " --os:linux --cpu:wasm32 --mm:orc --exceptions:goto --threads:off --opt:size" &
  " -d:release -d:useMalloc -d:noSignalHandler main.nim"

var sources: seq[string]
for file in listFiles("build/c"):
  if file.endsWith(".c"): sources.add quoteShell(file)
exec "zig cc -target wasm32-wasi -mexec-model=reactor -Oz -s -w -Wl,-z,stack-size=1048576 -o build/core.wasm" &
  " " & quoteShell("-Dflockfile(file)=") & " " & quoteShell("-Dfunlockfile(file)=") & # WASI has no threads
  " -I" & quoteShell(querySetting(libPath)) & " " & sources.join(" ")
