//! The command `{{name}}`.

const std = @import("std");
const plugin = @import("plugin");

pub fn describe() plugin.Manifest {
    return .{
        .name = "{{name}}",
        .version = "0.1.0",
        .summary = "Greet somebody",
        .arguments = &.{
            .{
                .name = "name",
                .help = "Whom to greet",
                .shape = .{ .positional = .{ .default = "world" } },
            },
            .{
                .name = "greeting",
                .help = "What to say",
                .shape = .{ .option = .{ .default = "Hello", .placeholder = "TEXT" } },
                .configuration_key = "greeting",
            },
            .{
                .name = "from",
                .help = "Take the name from this file instead",
                .shape = .{ .option = .{
                    .type = .{ .path = .{ .kind = .file, .access = .read } },
                    .placeholder = "FILE",
                } },
            },
            .{ .name = "loud", .help = "In capitals", .shape = .flag },
        },
    };
}

pub fn run(invocation: plugin.Invocation) !u8 {
    const name = if (invocation.get(.path, "from")) |path| try readName(path) else invocation.get(.text, "name").?;
    if (name.len == 0) return plugin.fail(.usage, "there is nobody to greet", .{}, null);
    plugin.log(.info, "greeting", &.{.{ "name", name }});
    plugin.progress("greeting", 1, 1);
    const greeting = invocation.get(.text, "greeting").?;
    const line = try std.fmt.allocPrint(plugin.gpa, "{s}, {s}!\n", .{ greeting, name });
    if (invocation.get(.flag, "loud").?) _ = std.ascii.upperString(line, line);
    try plugin.stdout.writeAll(line);
    return 0;
}

fn readName(path: []const u8) ![]const u8 {
    const text = std.Io.Dir.cwd().readFileAlloc(plugin.io, path, plugin.gpa, .unlimited) catch |err|
        return plugin.fail(.failed, "cannot read {s}: {t}", .{ path, err }, "name a text file");
    return std.mem.trimEnd(u8, text, " \t\r\n");
}

comptime {
    _ = plugin; // its exports are the component's
}
