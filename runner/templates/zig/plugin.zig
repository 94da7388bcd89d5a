//! The contract of taskrunner's plugins (wit/command.wit says what it means) in Zig. Nothing here is the
//! command's own: that is in the root file, which gives `describe` and `run`.
//!
//! An `extern struct` of Zig lies in memory as the component model lays out a record, so no bindings are made.

const std = @import("std");
const root = @import("root");

// ---- What a command says of itself ----

pub const Manifest = struct {
    name: []const u8,
    version: []const u8,
    summary: []const u8,
    description: ?[]const u8 = null,
    arguments: []const Argument = &.{},
    configuration_schema: ?[]const u8 = null,
    requests: []const Request = &.{},
};

pub const Argument = struct {
    name: []const u8,
    help: []const u8,
    short: ?u8 = null,
    shape: union(enum) { flag, option: Value, positional: Value },
    configuration_key: ?[]const u8 = null,
};

pub const Value = struct {
    type: Type = .text,
    required: bool = false,
    repeated: bool = false,
    default: ?[]const u8 = null,
    placeholder: ?[]const u8 = null,
};

pub const Type = union(enum) {
    text,
    integer: struct { min: ?i64 = null, max: ?i64 = null },
    number,
    choice: []const []const u8,
    path: struct { kind: enum(u8) { file, directory }, access: enum(u8) { read, write } },
};

pub const Request = struct {
    capability: enum(u8) { read, write, environment, connect, udp, resolve, http },
    what: []const u8,
    reason: []const u8,
};

// ---- What it is given ----

pub const Source = enum(u8) { command_line, environment, configuration, default };

pub const Given = union(enum) { flag: bool, text: []const u8, integer: i64, number: f64, path: []const u8 };

pub const Invocation = struct {
    command: []const u8,
    raw_arguments: []const String,
    configuration: []const u8,
    attempt: u32,
    arguments: []const abi.Argument,

    /// The only value of an argument, if it has one.
    pub fn get(self: Invocation, comptime kind: std.meta.Tag(Given), name: []const u8) ?@FieldType(Given, @tagName(kind)) {
        const argument = self.find(name);
        if (argument.values.len == 0) return null;
        return @field(argument.values.ptr[0].lift(), @tagName(kind));
    }

    /// All values of an argument.
    pub fn all(self: Invocation, name: []const u8) ![]Given {
        const values = self.find(name).values;
        const given = try gpa.alloc(Given, values.len);
        for (given, values.slice()) |*to, from| to.* = from.lift();
        return given;
    }

    /// What gave the values of an argument.
    pub fn source(self: Invocation, name: []const u8) Source {
        return self.find(name).source;
    }

    fn find(self: Invocation, name: []const u8) abi.Argument {
        for (self.arguments) |argument| {
            if (std.mem.eql(u8, argument.name.slice(), name)) return argument;
        }
        @panic("an argument that is not in the manifest");
    }
};

// ---- What it does ----

/// Memory that is given back when the call of the command is over.
pub const gpa = arena.allocator();
pub const io = std.Io.Threaded.global_single_threaded.io();
/// Standard output, with a buffer that is written at the end.
pub const stdout = &output.interface;

pub const Level = enum(u8) { trace, debug, info, warn, @"error" };
pub const Field = [2][]const u8;
pub const FailureKind = enum(u8) { usage, configuration, retryable, failed };

pub fn log(level: Level, message: []const u8, fields: []const Field) void {
    const lowered = gpa.alloc([2]String, fields.len) catch return;
    for (lowered, fields) |*to, from| to.* = .{ .from(from[0]), .from(from[1]) };
    const line: String = .from(message);
    const list: List([2]String) = .from(lowered);
    imports.log(@intFromEnum(level), line.ptr, line.len, list.ptr, list.len);
}

pub fn progress(message: []const u8, done: u64, total: ?u64) void {
    const line: String = .from(message);
    imports.report(line.ptr, line.len, done, @intFromBool(total != null), total orelse 0);
}

/// The error to return from `run`, for the runner to show. Any other error is one of the kind `failed`.
pub fn fail(kind: FailureKind, comptime format: []const u8, values: anytype, hint: ?[]const u8) error{Failed} {
    const message = std.fmt.allocPrint(gpa, format, values) catch "out of memory";
    failure = .{ .kind = kind, .message = .from(message), .hint = text(hint) };
    return error.Failed;
}

/// Creates a file, or empties the one that is there. Zig's own `createFile` knows no absolute paths on WASI; the
/// C library does.
pub fn createFile(path: []const u8) !std.Io.File {
    const flags: std.c.O = .{ .write = true, .CREAT = true, .TRUNC = true };
    const handle = std.c.open(try gpa.dupeSentinel(u8, path, 0), flags, @as(c_int, 0o666));
    return switch (std.posix.errno(handle)) {
        .SUCCESS => .{ .handle = handle, .flags = .{ .nonblocking = false } },
        .NOENT => error.FileNotFound,
        .ISDIR => error.IsDir,
        .ACCES, .PERM => error.AccessDenied,
        else => error.CannotCreate,
    };
}

/// Ends the command at once with an exit code, after writing what is buffered.
pub fn exit(code: u8) noreturn {
    stdout.flush() catch {};
    std.process.exit(code);
}

// ---- The component model's side of it ----

var arena: std.heap.ArenaAllocator = .init(std.heap.c_allocator);
var output_buffer: [16384]u8 = undefined;
var output: std.Io.File.Writer = .init(.stdout(), io, &output_buffer);
var failure: ?abi.Failure = null;

const imports = struct {
    extern "taskrunner:plugin/log@0.1.0" fn log(u32, [*]const u8, usize, [*]const [2]String, usize) void;
    extern "taskrunner:plugin/progress@0.1.0" fn report([*]const u8, usize, u64, u32, u64) void;
};

pub const String = List(u8);

fn List(comptime T: type) type {
    return extern struct {
        ptr: [*]const T,
        len: usize,

        fn from(items: []const T) @This() {
            // Zig's pointer to nothing may be outside the memory, which the runner refuses.
            return .{ .ptr = if (items.len > 0) items.ptr else @ptrFromInt(@alignOf(T)), .len = items.len };
        }
        fn slice(self: @This()) []const T {
            return self.ptr[0..self.len];
        }
    };
}

fn Option(comptime T: type) type {
    return extern struct {
        is_some: bool,
        some: T,

        fn from(value: ?T) @This() {
            return .{ .is_some = value != null, .some = value orelse undefined };
        }
    };
}

fn text(value: ?[]const u8) Option(String) {
    return .from(if (value) |some| String.from(some) else null);
}

const abi = struct {
    const Manifest = extern struct {
        name: String,
        version: String,
        summary: String,
        description: Option(String),
        arguments: List(ArgumentSpec),
        configuration_schema: Option(String),
        requests: List(abi.Request),
    };
    const ArgumentSpec = extern struct {
        name: String,
        short: Option(u32),
        help: String,
        shape: extern struct { tag: u8, value: ValueSpec },
        configuration_key: Option(String),
    };
    const ValueSpec = extern struct {
        type: ValueType,
        required: bool,
        repeated: bool,
        default: Option(String),
        placeholder: Option(String),
    };
    const ValueType = extern struct {
        tag: u8,
        of: extern union {
            integer: extern struct { min: Option(i64), max: Option(i64) },
            choice: List(String),
            path: extern struct { kind: u8, access: u8 },
        },
    };
    const Request = extern struct { capability: extern struct { tag: u8, what: String }, reason: String };
    const Argument = extern struct { name: String, values: List(ArgumentValue), source: Source };
    const ArgumentValue = extern struct {
        tag: u8,
        of: extern union { flag: bool, text: String, integer: i64, number: f64 },

        fn lift(self: ArgumentValue) Given {
            return switch (self.tag) {
                0 => .{ .flag = self.of.flag },
                1 => .{ .text = self.of.text.slice() },
                2 => .{ .integer = self.of.integer },
                3 => .{ .number = self.of.number },
                else => .{ .path = self.of.text.slice() },
            };
        }
    };
    const Failure = extern struct { kind: FailureKind, message: String, hint: Option(String) };
    const Result = extern struct { is_err: bool, of: extern union { code: u8, failure: abi.Failure } };
};

fn lowerArgument(argument: Argument) !abi.ArgumentSpec {
    const value: Value = switch (argument.shape) {
        .flag => .{},
        .option, .positional => |value| value,
    };
    return .{
        .name = .from(argument.name),
        .short = .from(if (argument.short) |letter| @as(u32, letter) else null),
        .help = .from(argument.help),
        .shape = .{ .tag = @intFromEnum(argument.shape), .value = .{
            .type = .{ .tag = @intFromEnum(value.type), .of = switch (value.type) {
                .integer => |of| .{ .integer = .{ .min = .from(of.min), .max = .from(of.max) } },
                .choice => |words| .{ .choice = .from(try lowerTexts(words)) },
                .path => |of| .{ .path = .{ .kind = @intFromEnum(of.kind), .access = @intFromEnum(of.access) } },
                .text, .number => undefined,
            } },
            .required = value.required,
            .repeated = value.repeated,
            .default = text(value.default),
            .placeholder = text(value.placeholder),
        } },
        .configuration_key = text(argument.configuration_key),
    };
}

fn lowerTexts(texts: []const []const u8) ![]const String {
    const lowered = try gpa.alloc(String, texts.len);
    for (lowered, texts) |*to, from| to.* = .from(from);
    return lowered;
}

fn lower(manifest: Manifest) !abi.Manifest {
    const arguments = try gpa.alloc(abi.ArgumentSpec, manifest.arguments.len);
    for (arguments, manifest.arguments) |*to, from| to.* = try lowerArgument(from);
    const requests = try gpa.alloc(abi.Request, manifest.requests.len);
    for (requests, manifest.requests) |*to, from| to.* = .{
        .capability = .{ .tag = @intFromEnum(from.capability), .what = .from(from.what) },
        .reason = .from(from.reason),
    };
    return .{
        .name = .from(manifest.name),
        .version = .from(manifest.version),
        .summary = .from(manifest.summary),
        .description = text(manifest.description),
        .arguments = .from(arguments),
        .configuration_schema = text(manifest.configuration_schema),
        .requests = .from(requests),
    };
}

var described: abi.Manifest = undefined;
var result: abi.Result = undefined;

export fn @"taskrunner:plugin/guest@0.1.0#describe"() *const abi.Manifest {
    described = lower(root.describe()) catch @panic("out of memory");
    return &described;
}

export fn @"taskrunner:plugin/guest@0.1.0#run"(
    command: [*]const u8,
    command_len: usize,
    raw_arguments: [*]const String,
    raw_arguments_len: usize,
    arguments: [*]const abi.Argument,
    arguments_len: usize,
    configuration: [*]const u8,
    configuration_len: usize,
    attempt: u32,
) *const abi.Result {
    const invocation: Invocation = .{
        .command = command[0..command_len],
        .raw_arguments = raw_arguments[0..raw_arguments_len],
        .configuration = configuration[0..configuration_len],
        .attempt = attempt,
        .arguments = arguments[0..arguments_len],
    };
    if (root.run(invocation)) |code| {
        result = .{ .is_err = false, .of = .{ .code = code } };
    } else |err| {
        const unnamed: abi.Failure = .{ .kind = .failed, .message = .from(@errorName(err)), .hint = text(null) };
        result = .{ .is_err = true, .of = .{ .failure = failure orelse unnamed } };
    }
    stdout.flush() catch {};
    return &result;
}

export fn @"cabi_post_taskrunner:plugin/guest@0.1.0#describe"(_: *const abi.Manifest) void {
    _ = arena.reset(.free_all);
}

export fn @"cabi_post_taskrunner:plugin/guest@0.1.0#run"(_: *const abi.Result) void {
    _ = arena.reset(.free_all);
}

/// How the runner asks for the memory that it writes an invocation to.
export fn cabi_realloc(old: ?[*]u8, old_size: usize, alignment: usize, new_size: usize) [*]u8 {
    return reallocate(gpa, old, old_size, alignment, new_size);
}

/// How the adapter of WASI preview 1 asks for its own memory, which outlives a call.
export fn cabi_realloc_adapter(old: ?[*]u8, old_size: usize, alignment: usize, new_size: usize) [*]u8 {
    return reallocate(std.heap.c_allocator, old, old_size, alignment, new_size);
}

fn reallocate(from_where: std.mem.Allocator, old: ?[*]u8, old_size: usize, alignment: usize, new_size: usize) [*]u8 {
    const new = from_where.rawAlloc(@max(new_size, 1), .fromByteUnits(alignment), @returnAddress()) orelse
        @panic("out of memory");
    if (old) |from| @memcpy(new[0..@min(old_size, new_size)], from[0..@min(old_size, new_size)]);
    return new;
}
