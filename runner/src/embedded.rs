//! The plugins that are part of the program. `cargo xtask guests` builds their bytes.

/// Names and bytes, sorted by name.
pub(crate) const PLUGINS: &[(&str, &[u8])] = &[
    ("build", include_bytes!("../../guest-plugins/prebuilt/build.wasm")),
    ("clean", include_bytes!("../../guest-plugins/prebuilt/clean.wasm")),
];

/// Whether a plugin of this name is part of the program.
pub(crate) fn is_embedded(name: &str) -> bool {
    PLUGINS.iter().any(|(embedded, _)| *embedded == name)
}
