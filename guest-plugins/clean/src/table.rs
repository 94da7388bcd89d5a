//! The kinds of project: their markers and what their builds leave behind.
//!
//! The rule for a line in this table: the next build makes it again, from what is there or from a
//! registry. What people write into such a directory is excepted (`but`), and where a name says too
//! little, its content must speak (`if_it_holds`). An artifact that itself holds a project file of
//! the same kind is a project of that name, and no artifact.
//!
//! Deliberately absent: Python's `.venv`, `build` and `dist` (people keep things there), Mix's `deps`
//! (sources that people patch), Unreal's `Build` (icons and settings that people write).

use crate::kinds::Artifact;
use crate::kinds::Kind;
use crate::kinds::Marker::{Extension, File, Source};

/// Every kind. Where two claim the same artifact, the first has it.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        markers: &[File("Cargo.toml")],
        artifacts: &[Artifact::at("target"), Artifact::at(".xwin-cache")],
        ..Kind::named("cargo")
    },
    Kind {
        markers: &[File("package.json")],
        artifacts: &[
            Artifact::at("node_modules"),
            Artifact::at(".angular"),
            Artifact::at(".next"),
            Artifact::at(".nuxt"),
            Artifact::at(".parcel-cache"),
            Artifact::at(".svelte-kit"),
        ],
        ..Kind::named("node")
    },
    Kind {
        markers: &[File("package.json")],
        beside: &["android", "ios", "app.json", "metro.config.js", "react-native.config.js"],
        artifacts: &[
            Artifact::at("node_modules"),
            Artifact::at("android/build"),
            Artifact::at("android/.gradle"),
            Artifact::at("android/app/build"),
            Artifact::at("ios/build"),
            Artifact::at("ios/DerivedData"),
            Artifact::at("ios/Pods"),
            Artifact::at(".expo"),
            Artifact::at(".metro"),
        ],
        ..Kind::named("react-native")
    },
    Kind {
        markers: &[
            File("pyproject.toml"),
            File("setup.py"),
            File("setup.cfg"),
            File("requirements.txt"),
            File("Pipfile"),
            File("tox.ini"),
            Source("py"),
        ],
        artifacts: &[
            Artifact::anywhere("__pycache__"),
            Artifact::at("__pypackages__"),
            Artifact::at(".mypy_cache"),
            Artifact::at(".nox"),
            Artifact::at(".pytest_cache"),
            Artifact::at(".ruff_cache"),
            Artifact::at(".tox"),
        ],
        ..Kind::named("python")
    },
    Kind {
        markers: &[File("pom.xml")],
        artifacts: &[Artifact::at("target")],
        ..Kind::named("maven")
    },
    Kind {
        markers: &[
            File("build.gradle"),
            File("build.gradle.kts"),
            File("settings.gradle"),
            File("settings.gradle.kts"),
        ],
        artifacts: &[Artifact::at("build"), Artifact::at(".gradle")],
        ..Kind::named("gradle")
    },
    Kind {
        markers: &[File("CMakeLists.txt")],
        // The last four are CLion's, and nobody else's.
        artifacts: &[
            Artifact::at("build").if_it_holds(&["CMakeCache.txt", "CMakeFiles"]),
            Artifact::at("cmake-build-debug"),
            Artifact::at("cmake-build-release"),
            Artifact::at("cmake-build-relwithdebinfo"),
            Artifact::at("cmake-build-minsizerel"),
        ],
        ..Kind::named("cmake")
    },
    Kind {
        markers: &[File("build.sbt")],
        artifacts: &[Artifact::at("target"), Artifact::at("project/target")],
        ..Kind::named("sbt")
    },
    Kind {
        markers: &[File("stack.yaml")],
        artifacts: &[Artifact::anywhere(".stack-work")],
        ..Kind::named("stack")
    },
    Kind {
        markers: &[File("cabal.project"), Extension("cabal")],
        artifacts: &[Artifact::at("dist-newstyle")],
        ..Kind::named("cabal")
    },
    Kind {
        markers: &[Extension("csproj"), Extension("fsproj"), Extension("vbproj")],
        // Game engines write project files of their own, and build elsewhere.
        unless: &["project.godot", "Assembly-CSharp.csproj"],
        // MSBuild leaves both out of the sources that it looks for.
        artifacts: &[Artifact::at("bin"), Artifact::at("obj")],
        ..Kind::named("dotnet")
    },
    Kind {
        markers: &[File("Assembly-CSharp.csproj"), File("ProjectSettings/ProjectVersion.txt")],
        artifacts: &[
            Artifact::at("Library"),
            Artifact::at("Temp"),
            Artifact::at("Obj"),
            Artifact::at("Logs"),
            Artifact::at("MemoryCaptures"),
            Artifact::at("Build"),
            Artifact::at("Builds"),
        ],
        ..Kind::named("unity")
    },
    Kind {
        markers: &[Extension("uproject")],
        artifacts: &[
            Artifact::at("Binaries"),
            Artifact::at("DerivedDataCache"),
            Artifact::at("Intermediate"),
            Artifact::at("Saved").but(&["SaveGames"]),
        ],
        ..Kind::named("unreal")
    },
    Kind {
        markers: &[File("project.godot")],
        artifacts: &[Artifact::at(".godot"), Artifact::at(".import")],
        ..Kind::named("godot")
    },
    Kind {
        markers: &[File("composer.json")],
        artifacts: &[Artifact::at("vendor")],
        ..Kind::named("composer")
    },
    Kind {
        markers: &[File("pubspec.yaml")],
        artifacts: &[
            Artifact::at("build"),
            Artifact::at(".dart_tool"),
            Artifact::at("ios/Flutter/ephemeral"),
            Artifact::at("linux/flutter/ephemeral"),
            Artifact::at("macos/Flutter/ephemeral"),
            Artifact::at("windows/flutter/ephemeral"),
        ],
        ..Kind::named("pub")
    },
    Kind {
        markers: &[File("mix.exs")],
        artifacts: &[
            Artifact::at("_build"),
            Artifact::at(".elixir-tools"),
            Artifact::at(".elixir_ls"),
            Artifact::at(".lexical"),
        ],
        ..Kind::named("elixir")
    },
    Kind {
        markers: &[File("Package.swift")],
        // Mirrors and registries of packages are set by people.
        artifacts: &[Artifact::at(".build"), Artifact::at(".swiftpm").but(&["configuration"])],
        ..Kind::named("swift")
    },
    Kind {
        markers: &[File("build.zig")],
        artifacts: &[
            Artifact::at("zig-cache"),
            Artifact::at(".zig-cache"),
            Artifact::at("zig-out"),
        ],
        ..Kind::named("zig")
    },
    Kind {
        markers: &[Source("ipynb")],
        artifacts: &[Artifact::at(".ipynb_checkpoints")],
        ..Kind::named("jupyter")
    },
    Kind {
        markers: &[File("pixi.toml")],
        artifacts: &[Artifact::at(".pixi").but(&["config.toml"])],
        ..Kind::named("pixi")
    },
    Kind {
        markers: &[File("turbo.json")],
        // Each package of the workspace has one. The settings say whose remote cache is used.
        artifacts: &[Artifact::anywhere(".turbo").but(&["config.json"])],
        ..Kind::named("turborepo")
    },
    Kind {
        markers: &[File(".terraform.lock.hcl"), Source("tf")],
        // The chosen workspace is kept: without it, the next command works on another one.
        artifacts: &[Artifact::at(".terraform").but(&["environment"])],
        ..Kind::named("terraform")
    },
    Kind {
        markers: &[File("Podfile")],
        artifacts: &[Artifact::at("Pods")],
        ..Kind::named("cocoapods")
    },
];

impl Kind {
    /// A kind of this name, of which nothing is known yet.
    const fn named(name: &'static str) -> Self {
        Self { name, markers: &[], beside: &[], unless: &[], artifacts: &[] }
    }
}
