//! What a kind of project is: its markers, and what its builds leave behind. The kinds themselves are
//! data, in [`table`](crate::table).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::LazyLock;

use crate::directory::Entry;
use crate::table::KINDS;

/// A kind of project.
pub(crate) struct Kind {
    /// The name for `--kind`, in kebab-case.
    pub(crate) name: &'static str,
    /// A directory with one of these is a project of this kind.
    pub(crate) markers: &'static [Marker],
    /// Where not empty, one of these must stand beside the marker, as a file or a directory.
    pub(crate) beside: &'static [&'static str],
    /// One of these beside the marker makes the project another kind's.
    pub(crate) unless: &'static [&'static str],
    /// What builds leave behind.
    pub(crate) artifacts: &'static [Artifact],
}

/// What marks a directory as a project. Always a regular file, and never a link to one.
pub(crate) enum Marker {
    /// A file of this name; with `/`, one further down.
    File(&'static str),
    /// A project file with this extension.
    Extension(&'static str),
    /// A source file with this extension. It shows which language is at home here, but sources lie
    /// about in other people's directories too, so it does not protect from `patterns`.
    Source(&'static str),
}

/// Something that builds leave behind.
pub(crate) struct Artifact {
    /// Where it is, from the project's directory.
    pub(crate) path: &'static str,
    /// Whether it can also be anywhere below the project. Only for names without `/`.
    pub(crate) anywhere: bool,
    /// Where not empty, it must hold one of these directly: the name alone says too little.
    pub(crate) holds: &'static [&'static str],
    /// What people put into it: left alone.
    pub(crate) keeps: &'static [&'static str],
}

impl Artifact {
    /// A directory or file at `path` from the project's directory.
    pub(crate) const fn at(path: &'static str) -> Self {
        Self { path, anywhere: false, holds: &[], keeps: &[] }
    }

    /// A directory or file of this name anywhere below the project's directory.
    pub(crate) const fn anywhere(name: &'static str) -> Self {
        Self { path: name, anywhere: true, holds: &[], keeps: &[] }
    }

    /// Only if it holds one of these.
    pub(crate) const fn if_it_holds(self, holds: &'static [&'static str]) -> Self {
        Self { holds, ..self }
    }

    /// All of it but these.
    pub(crate) const fn but(self, keeps: &'static [&'static str]) -> Self {
        Self { keeps, ..self }
    }
}

impl Kind {
    /// Whether a directory with these entries is a project of this kind. `deeper` tells whether a
    /// path from that directory is a regular file.
    fn is_marked(&self, entries: &[Entry], deeper: &dyn Fn(&str) -> bool) -> bool {
        let present = |name: &&str| entries.iter().any(|entry| entry.name == **name);
        self.markers.iter().any(|marker| marker.is_in(entries, deeper))
            && (self.beside.is_empty() || self.beside.iter().any(present))
            && !self.unless.iter().any(present)
    }

    /// Whether one of these entries is a project file of this kind, and not a mere source.
    pub(crate) fn owns(&self, entries: &[Entry]) -> bool {
        let markers = self.markers.iter().filter(|marker| !matches!(marker, Marker::Source(_)));
        markers.into_iter().any(|marker| marker.is_in(entries, &|_| false))
    }
}

impl Marker {
    fn is_in(&self, entries: &[Entry], deeper: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::File(path) => match path.split_once('/') {
                Some((first, _)) => {
                    entries.iter().any(|entry| entry.is_directory() && entry.name == *first)
                        && deeper(path)
                }
                None => entries.iter().any(|entry| entry.is_file() && entry.name == **path),
            },
            Self::Extension(extension) | Self::Source(extension) => {
                entries.iter().any(|entry| entry.is_file() && entry.has_extension(extension))
            }
        }
    }
}

/// The first entry that is a project file of some kind, and not a mere source.
pub(crate) fn project_file(entries: &[Entry]) -> Option<&Entry> {
    let is_file_of = |entry: &Entry, kind: &Kind| kind.owns(std::slice::from_ref(entry));
    entries.iter().find(|entry| HINTS.of(&entry.name).iter().any(|kind| is_file_of(entry, kind)))
}

/// What a name alone says: of which kinds it can be a marker. To ask every kind about every entry would
/// take most of the time of a walk.
struct Hints {
    /// By the name, or the first name of a path.
    names: HashMap<&'static [u8], KindSet>,
    extensions: HashMap<&'static [u8], KindSet>,
}

static HINTS: LazyLock<Hints> = LazyLock::new(|| {
    let (mut names, mut extensions) = (HashMap::new(), HashMap::new());
    for (n, kind) in KINDS.iter().enumerate() {
        for marker in kind.markers {
            let kinds: &mut KindSet = match marker {
                Marker::File(path) => {
                    let first = path.split_once('/').map_or(*path, |(first, _)| first);
                    names.entry(first.as_bytes()).or_default()
                }
                Marker::Extension(extension) | Marker::Source(extension) => {
                    extensions.entry(extension.as_bytes()).or_default()
                }
            };
            *kinds = kinds.or(KindSet(1 << n));
        }
    }
    Hints { names, extensions }
});

impl Hints {
    fn of(&self, name: &OsStr) -> KindSet {
        let name = name.as_encoded_bytes();
        let by_name = self.names.get(name);
        let dot = name.iter().rposition(|byte| *byte == b'.');
        let by_extension = dot.and_then(|dot| self.extensions.get(&name[dot + 1..]));
        [by_name, by_extension].into_iter().flatten().fold(KindSet::default(), |a, b| a.or(*b))
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KindSet(u32);

// One bit for each kind.
const _: () = assert!(KINDS.len() <= u32::BITS as usize);

impl KindSet {
    /// Every kind.
    pub(crate) fn all() -> Self {
        Self(KINDS.iter().enumerate().fold(0, |set, (n, _)| set | 1 << n))
    }

    /// The kinds of these names. Unknown names are passed over: the manifest has checked them.
    pub(crate) fn named(names: &[&str]) -> Self {
        let named = KINDS.iter().enumerate().filter(|(_, kind)| names.contains(&kind.name));
        Self(named.fold(0, |set, (n, _)| set | 1 << n))
    }

    /// The kinds of project that a directory with these entries is.
    pub(crate) fn of(entries: &[Entry], deeper: &dyn Fn(&str) -> bool) -> Self {
        let hinted =
            entries.iter().fold(Self::default(), |set, entry| set.or(HINTS.of(&entry.name)));
        if hinted == Self::default() {
            return hinted;
        }
        let marked =
            |(n, kind): &(usize, &Kind)| hinted.0 & 1 << n != 0 && kind.is_marked(entries, deeper);
        let marked = KINDS.iter().enumerate().filter(marked);
        Self(marked.fold(0, |set, (n, _)| set | 1 << n))
    }

    /// What is in either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this kind of [`KINDS`] is in it.
    pub(crate) fn contains(self, kind: &Kind) -> bool {
        self.iter().any(|one| std::ptr::eq(one, kind))
    }

    /// The kinds, in the table's order.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static Kind> {
        KINDS.iter().enumerate().filter(move |(n, _)| self.0 & 1 << n != 0).map(|(_, kind)| kind)
    }
}
