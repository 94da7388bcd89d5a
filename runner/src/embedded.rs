//! The plugins that are part of the program. `cargo xtask guests` builds their bytes.

/// Names and bytes, sorted by name.
pub(crate) const PLUGINS: &[(&str, &[u8])] = &[
    ("build", include_bytes!("../../guest-plugins/prebuilt/build.wasm")),
    ("clean", include_bytes!("../../guest-plugins/prebuilt/clean.wasm")),
];
