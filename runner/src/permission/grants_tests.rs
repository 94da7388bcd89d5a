use std::fs;
use std::path::PathBuf;

use super::*;
use crate::permission::PathSpec;

/// A workspace with directories, a place beside it, and a home.
struct World {
    _directory: tempfile::TempDir,
    root: PathBuf,
    paths: Paths,
    variables: Vec<(String, String)>,
}

/// Whose policy it is, and what stood on the command line.
#[derive(Default)]
struct Given<'a> {
    embedded: bool,
    trusted: bool,
    requests: &'a [Request],
    statements: &'a [Statement],
    named: &'a [NamedPath],
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(directory.path()).expect("it is there");
        for name in ["workspace/in/deep", "workspace/out", "workspace/.git", "outside", "home"] {
            fs::create_dir_all(root.join(name)).expect("a directory");
        }
        fs::write(root.join("workspace/file"), "").expect("a file");
        let workspace = root.join("workspace");
        let paths =
            Paths::new(&workspace, &workspace, Some(&root.join("home"))).expect("all are there");
        let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables =
            [("OTHER", "x"), ("TOKEN", "secret"), ("TOKEN_2", "y")].map(variable).into();
        Self { _directory: directory, root, paths, variables }
    }

    fn try_decide(&self, given: &Given<'_>) -> Result<Grants, Unusable> {
        Grants::decide(&Policy {
            embedded: given.embedded,
            requests: Some(given.requests),
            statements: given.statements,
            trusted: given.trusted,
            named: given.named,
            paths: &self.paths,
            protected: Protected::in_workspace(self.paths.workspace()),
            environment: &self.variables,
        })
    }

    fn decide(&self, given: &Given<'_>) -> Grants {
        self.try_decide(given).expect("a decision")
    }

    /// What flags allow of a plugin that requests everything.
    fn allow(&self, flags: &[(Kind, &str)]) -> Grants {
        let statements = self.flags(flags);
        let requests = everything();
        self.decide(&Given { requests: &requests, statements: &statements, ..Given::default() })
    }

    fn flags(&self, flags: &[(Kind, &str)]) -> Vec<Statement> {
        flags
            .iter()
            .map(|(kind, target)| self.says(Effect::Allow, *kind, target, Source::Flag))
            .collect()
    }

    fn says(&self, effect: Effect, kind: Kind, target: &str, source: Source) -> Statement {
        let directory = self.paths.workspace().to_owned();
        Statement { effect, capability: Capability::new(kind, target), directory, source }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join("workspace").join(path).components().collect()
    }

    /// A directory or file of the workspace as a mount.
    fn mount(&self, path: &str, access: Access, scope: Scope) -> Mount {
        Mount { host: self.path(path), guest: format!("/{path}"), access, scope }
    }

    fn named(&self, path: &str, kind: PathKind, access: Access) -> NamedPath {
        NamedPath {
            host: self.path(path),
            guest: format!("/{path}"),
            spec: PathSpec { kind, access },
        }
    }
}

fn request(kind: Kind, target: &str) -> Request {
    Request { capability: Capability::new(kind, target), reason: "to work".into() }
}

fn requests() -> Vec<Request> {
    vec![request(Kind::Read, "in"), request(Kind::Write, "out"), request(Kind::Env, "TOKEN")]
}

fn everything() -> Vec<Request> {
    vec![request(Kind::Write, "/"), request(Kind::Env, "*")]
}

fn workspace_file() -> Source {
    Source::Workspace { path: "taskrunner.yaml".into(), line: 3 }
}

fn user_file() -> Source {
    Source::User { path: "config.yaml".into(), line: 3 }
}

const READ: Access = Access::Read;
const WRITE: Access = Access::Write;

#[test]
fn nothing_is_granted_by_default() {
    let world = World::new();
    let requests = requests();
    let grants = world.decide(&Given { requests: &requests, ..Given::default() });
    assert!(grants.mounts().is_empty() && grants.environment().is_empty());
    assert_eq!(grants.refused(), requests);
    assert!(!grants.check_path(&world.path("in"), READ).allowed);
    let none = Grants::none();
    assert!(none.mounts().is_empty() && none.environment().is_empty() && none.refused().is_empty());
    assert!(!none.check_path(Path::new("/"), READ).allowed);
}

#[test]
fn an_embedded_plugin_has_the_directories_that_it_requests() {
    let world = World::new();
    let grants = world.decide(&Given { embedded: true, requests: &requests(), ..Given::default() });
    assert_eq!(
        grants.mounts(),
        [world.mount("in", READ, Scope::Tree), world.mount("out", WRITE, Scope::Tree)]
    );
    // And no variable.
    assert!(grants.environment().is_empty());
    assert_eq!(grants.refused(), [request(Kind::Env, "TOKEN")]);
}

#[cfg(unix)]
#[test]
fn a_request_does_not_lead_out_of_the_workspace() {
    let world = World::new();
    std::os::unix::fs::symlink("../outside", world.root.join("workspace/link")).expect("a link");
    for target in ["link", "/etc", "/"] {
        let requests = [request(Kind::Read, target)];
        let given = Given { embedded: true, requests: &requests, ..Given::default() };
        let error = world.try_decide(&given).expect_err("it leads outside").error;
        assert!(error.is_denial(), "{error}");
    }
}

#[test]
fn what_is_effective_was_requested_and_granted() {
    let world = World::new();
    let requests = requests();
    let may = |flags: &[(Kind, &str)], path: &str, access: Access| {
        let statements = world.flags(flags);
        let given = Given { requests: &requests, statements: &statements, ..Given::default() };
        world.decide(&given).check_path(&world.path(path), access).allowed
    };
    // A grant of more than was requested is one of what was requested.
    let all = [(Kind::Write, ".")];
    assert!(may(&all, "in/x", READ) && may(&all, "out/x", WRITE) && may(&all, "out/x", READ));
    assert!(!may(&all, "in/x", WRITE) && !may(&all, "file", READ));
    // And the other way around.
    let some = [(Kind::Read, "in/deep"), (Kind::Read, "out")];
    assert!(may(&some, "in/deep/x", READ) && may(&some, "out/x", READ));
    assert!(!may(&some, "in/x", READ) && !may(&some, "out/x", WRITE));
    let glob = [(Kind::Read, "**/*.md"), (Kind::Write, "out/*.txt")];
    assert!(may(&glob, "in/a.md", READ) && may(&glob, "out/a.txt", WRITE));
    assert!(!may(&glob, "a.md", READ) && !may(&glob, "in/a.txt", READ));
    assert!(!may(&glob, "out/a.md", WRITE) && !may(&glob, "out/sub/a.txt", WRITE));
}

#[test]
fn a_denial_wins_wherever_it_stands() {
    let world = World::new();
    let requests = everything();
    for denier in [Source::Flag, user_file(), workspace_file()] {
        let grants = |effect: &[(Kind, &str)]| {
            let mut statements = world.flags(&[(Kind::Write, "."), (Kind::Env, "*")]);
            let denials = effect
                .iter()
                .map(|(kind, target)| world.says(Effect::Deny, *kind, target, denier.clone()));
            statements.splice(0..0, denials);
            world.decide(&Given {
                requests: &requests,
                statements: &statements,
                ..Given::default()
            })
        };
        let denied =
            grants(&[(Kind::Read, "in"), (Kind::Write, "out/*.lock"), (Kind::Env, "TOKEN*")]);
        let may = |path: &str, access| denied.check_path(&world.path(path), access).allowed;
        assert!(!may("in", READ) && !may("in/deep/x", READ) && !may("in/x", WRITE));
        assert!(may("out/a.lock", READ) && !may("out/a.lock", WRITE) && may("out/a", WRITE));
        assert!(!may("out/a.lock/below", WRITE), "what is below a denied directory is denied");
        assert_eq!(denied.environment(), [("OTHER".to_owned(), "x".to_owned())]);
        // What holds a denied thing keeps its place.
        let moves = |path: &str| denied.check_move(&world.path(path)).allowed;
        assert!(!moves("out") && !moves(""), "a denial lies below");
        assert!(grants(&[]).check_move(&world.path("out")).allowed);
    }
}

#[test]
fn index_of_an_enclosing_repository_is_the_one_thing_outside() {
    let world = World::new();
    let git = world.root.join(".git");
    for name in ["refs", "objects"] {
        fs::create_dir_all(git.join(name)).expect("a directory");
    }
    let shared = format!("sharedindex.{}", "a".repeat(40));
    let head = ("HEAD", "ref: refs/heads/main");
    for (name, text) in [head, ("index", ""), ("config", ""), (&shared, ""), ("sharedindex.x", "")]
    {
        fs::write(git.join(name), text).expect("a file");
    }
    // Of the workspace's own nothing is a repository.
    fs::remove_dir(world.path(".git")).expect("it is empty");
    let reads = |grants: &Grants| -> Vec<String> {
        let names = ["index", &shared, "config", "HEAD", "sharedindex.x", "objects"];
        let may = |name: &&str| grants.check_path(&git.join(name), READ).allowed;
        names.into_iter().filter(may).map(ToOwned::to_owned).collect()
    };
    let indexes = ["index".to_owned(), shared.clone()];
    let requests = [request(Kind::Read, GIT_INDEX)];

    let built_in = Given { embedded: true, requests: &requests, ..Given::default() };
    let grants = world.decide(&built_in);
    assert_eq!(reads(&grants), indexes);
    assert!(!grants.check_path(&git.join("index"), WRITE).allowed);
    assert!(!grants.check_directory(&git).allowed, "nor is the directory listed");
    assert!(grants.repositories().is_some_and(|told| told.contains("\"prefix\":\"workspace\"")));
    assert!(grants.mounts().iter().all(|mount| mount.scope == Scope::File));

    // Any other plugin needs a grant, which a workspace's file gives only with trust.
    assert!(reads(&world.decide(&Given { embedded: false, ..built_in })).is_empty());
    for (source, trusted, is_granted) in [
        (Source::Flag, false, true),
        (Source::Answer, false, true),
        (workspace_file(), false, false),
        (workspace_file(), true, true),
    ] {
        let statements = [world.says(Effect::Allow, Kind::Read, GIT_INDEX, source)];
        let given =
            Given { trusted, requests: &requests, statements: &statements, ..Given::default() };
        assert_eq!(!reads(&world.decide(&given)).is_empty(), is_granted);
    }
    // A denial wins, by this name and by the files' own.
    for target in [GIT_INDEX.to_owned(), git.to_string_lossy().into_owned()] {
        let statements = [world.says(Effect::Deny, Kind::Read, &target, Source::Flag)];
        let grants = world.decide(&Given { statements: &statements, ..built_in });
        assert!(reads(&grants).is_empty(), "{target}");
    }
    // It is not told to a plugin that does not ask.
    assert!(world.allow(&[(Kind::Read, GIT_INDEX)]).repositories().is_none());
}

#[test]
fn gits_files_and_the_runners_own_stay_unwritable() {
    let world = World::new();
    let grants = world.allow(&[(Kind::Write, ".")]);
    for path in [".git/hooks/x", "in/.git", "taskrunner.yaml", ".taskrunner/plugins/x.wasm"] {
        assert!(!grants.check_path(&world.path(path), WRITE).allowed, "{path}");
        assert!(grants.check_path(&world.path(path), READ).allowed, "{path}");
    }
    for target in [".git", ".git/hooks", ".git/*", "taskrunner.yaml"] {
        let statements = world.flags(&[(Kind::Write, target)]);
        let given = Given { statements: &statements, ..Given::default() };
        let error = world.try_decide(&given).expect_err("it is protected");
        assert!(error.error.is_denial() && error.statement == Some(0), "{error:?}");
        let named = [world.named(".git/config", PathKind::File, WRITE)];
        assert!(world.try_decide(&Given { named: &named, ..Given::default() }).is_err());
    }
}

#[test]
fn the_files_of_a_workspace_grant_nothing_outside_of_it_until_they_are_trusted() {
    let world = World::new();
    let requests = everything();
    let says = |source: &Source| {
        [(Kind::Read, "../outside"), (Kind::Read, "in"), (Kind::Env, "TOKEN")]
            .map(|(kind, target)| world.says(Effect::Allow, kind, target, source.clone()))
    };
    for source in [workspace_file(), Source::Lock { path: "taskrunner.lock".into() }] {
        let statements = says(&source);
        let given = |trusted| Given {
            trusted,
            requests: &requests,
            statements: &statements,
            ..Given::default()
        };
        let may = |grants: &Grants, path: &str| {
            let path = world.root.join(path);
            grants.check_path(&path, READ).allowed
        };
        let grants = world.decide(&given(false));
        assert!(may(&grants, "workspace/in/x") && !may(&grants, "outside/x"));
        assert!(grants.environment().is_empty());
        let withheld: Vec<&str> =
            grants.withheld().iter().map(|s| s.capability.target.as_str()).collect();
        assert_eq!(withheld, ["../outside", "TOKEN"]);
        let grants = world.decide(&given(true));
        assert!(may(&grants, "outside/x") && grants.withheld().is_empty());
        assert_eq!(grants.environment().len(), 1);
    }
    let statements = says(&user_file());
    let given = Given { requests: &requests, statements: &statements, ..Given::default() };
    assert!(world.decide(&given).withheld().is_empty(), "the user's own file is the user's word");
}

#[test]
fn variables_are_given_by_request_and_grant() {
    let world = World::new();
    let environment = |requested: &[&str], granted: &[&str]| {
        let requests: Vec<_> = requested.iter().map(|name| request(Kind::Env, name)).collect();
        let flags: Vec<_> = granted.iter().map(|name| (Kind::Env, *name)).collect();
        let statements = world.flags(&flags);
        let given = Given { requests: &requests, statements: &statements, ..Given::default() };
        let grants = world.decide(&given);
        let names: Vec<String> =
            grants.environment().iter().map(|(name, _)| name.clone()).collect();
        let effective: Vec<String> =
            grants.effective().iter().map(|e| e.capability.target.clone()).collect();
        (names.join(" "), effective.join(" "))
    };
    let text = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(environment(&["TOKEN"], &["*"]), text("TOKEN", "TOKEN"));
    assert_eq!(environment(&["*"], &["TOKEN*"]), text("TOKEN TOKEN_2", "TOKEN*"));
    assert_eq!(environment(&["TOKEN"], &["OTHER"]), text("", ""));
    assert_eq!(environment(&[], &["*"]), text("", ""));
    assert_eq!(environment(&["UNSET"], &["UNSET"]), text("", "UNSET"));
}

#[test]
fn what_is_granted_in_part_is_no_longer_refused() {
    let world = World::new();
    let requests = requests();
    let refused = |flags: &[(Kind, &str)]| {
        let statements = world.flags(flags);
        let given = Given { requests: &requests, statements: &statements, ..Given::default() };
        let refused = world.decide(&given).refused().to_vec();
        refused.iter().map(|request| request.capability.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(refused(&[(Kind::Read, "in"), (Kind::Write, "out"), (Kind::Env, "TOKEN")]), [""; 0]);
    assert_eq!(
        refused(&[(Kind::Read, "."), (Kind::Env, "OTHER")]),
        ["--allow-write out", "--allow-env TOKEN"]
    );
    assert_eq!(refused(&[(Kind::Write, "."), (Kind::Env, "T*")]), [""; 0], "writing is reading");
    // A variable that is not set is granted all the same; what is denied as a whole is not.
    let unset = [request(Kind::Env, "UNSET"), request(Kind::Read, "in")];
    let mut statements = world.flags(&[(Kind::Env, "UNSET"), (Kind::Read, "in")]);
    let given = Given { requests: &unset, statements: &statements, ..Given::default() };
    assert!(world.decide(&given).refused().is_empty());
    statements.push(world.says(Effect::Deny, Kind::Env, "U*", Source::Flag));
    statements.push(world.says(Effect::Deny, Kind::Read, ".", Source::Flag));
    let given = Given { requests: &unset, statements: &statements, ..Given::default() };
    assert_eq!(world.decide(&given).refused(), unset);
}

#[test]
fn no_mount_is_inside_another() {
    let world = World::new();
    let mounts = |flags: &[(Kind, &str)]| world.allow(flags).mounts().to_vec();
    let root = |access| [world.mount("", access, Scope::Tree)];
    let read = |targets: [&'static str; 4]| targets.map(|target| (Kind::Read, target));
    assert_eq!(mounts(&read(["in", ".", "in/deep", "in"])), root(READ));
    assert_eq!(mounts(&[(Kind::Read, "."), (Kind::Write, "out")]), root(WRITE));
    assert_eq!(mounts(&[(Kind::Write, "out"), (Kind::Read, ".")]), root(WRITE));
    // And that does not make the rest writable.
    let grants = world.allow(&[(Kind::Read, "."), (Kind::Write, "out")]);
    assert!(!grants.check_path(&world.path("in/x"), WRITE).allowed);
    assert!(grants.check_path(&world.path("out/x"), WRITE).allowed);
}

#[test]
fn a_path_of_the_command_line_grants_itself() {
    let world = World::new();
    let decide = |named: &[NamedPath], flags: &[(Kind, &str)]| {
        let statements = world.flags(flags);
        let requests = everything();
        let requests = if flags.is_empty() { &[][..] } else { &requests };
        world.decide(&Given { requests, statements: &statements, named, ..Given::default() })
    };
    let file = world.named("file", PathKind::File, READ);
    let one = world.mount("file", READ, Scope::File);
    assert_eq!(decide(&[file.clone(), file.clone()], &[]).mounts(), [one]);
    // To write one, too, is more.
    let output = world.named("file", PathKind::File, WRITE);
    let more = world.mount("file", WRITE, Scope::File);
    for named in [[file.clone(), output.clone()], [output.clone(), file.clone()]] {
        assert_eq!(decide(&named, &[]).mounts(), std::slice::from_ref(&more));
    }
    // A directory that may be read holds it, and the file alone may be written.
    let grants = decide(&[output], &[(Kind::Read, ".")]);
    assert_eq!(grants.mounts(), [world.mount("", WRITE, Scope::Tree)]);
    assert!(grants.check_path(&world.path("file"), WRITE).allowed);
    assert!(!grants.check_path(&world.path("in/x"), WRITE).allowed);
    let directory = world.named("out", PathKind::Directory, WRITE);
    assert_eq!(decide(&[directory], &[]).mounts(), [world.mount("out", WRITE, Scope::Tree)]);
}

#[test]
fn some_things_are_granted_to_nobody() {
    let world = World::new();
    let home = world.root.join("home");
    let targets =
        ["~", "../home", "..", "../home/../..", "/", "/*", "/proc/self/*", "../hom*/../home"];
    for target in targets.into_iter().filter(|target| super::super::files::check(target).is_ok()) {
        for kind in [Kind::Read, Kind::Write] {
            let statements = world.flags(&[(kind, target)]);
            let given = Given { statements: &statements, ..Given::default() };
            let error = world.try_decide(&given).expect_err(target).error;
            assert!(error.is_denial(), "{target}: {error}");
        }
    }
    let spec = PathSpec { kind: PathKind::Directory, access: READ };
    let named = [NamedPath { host: home.clone(), guest: "/x".into(), spec }];
    let error = world.try_decide(&Given { named: &named, ..Given::default() });
    assert!(error.expect_err("it is forbidden").error.is_denial());
    // What is below the home directory is not the whole of it.
    fs::create_dir(home.join("project")).expect("a directory");
    assert_eq!(world.allow(&[(Kind::Read, "~/project")]).mounts().len(), 1);
}

#[test]
fn a_mistake_is_no_denial() {
    let world = World::new();
    for mistake in [
        (Kind::Read, "none"),
        (Kind::Read, ""),
        (Kind::Read, "a/["),
        (Kind::Env, "A=B"),
        (Kind::Env, ""),
    ] {
        let statements = world.flags(&[mistake]);
        let given = Given { statements: &statements, ..Given::default() };
        let error = world.try_decide(&given).expect_err("it is a mistake").error;
        assert!(!error.is_denial(), "{error}");
    }
}

#[test]
fn a_directory_is_moved_only_where_all_of_it_is_granted() {
    let world = World::new();
    let moves = |grants: &Grants, path: &str| grants.check_move(&world.path(path)).allowed;
    let grants = world.allow(&[(Kind::Write, "in/*"), (Kind::Write, "out")]);
    assert!(grants.check_path(&world.path("in/deep"), WRITE).allowed);
    assert!(!moves(&grants, "in/deep"), "what is in it would be granted by its new name");
    assert!(moves(&grants, "out/x"));
    assert!(moves(&world.allow(&[(Kind::Write, "in/**")]), "in/deep"));
}

#[cfg(unix)]
#[test]
fn a_link_of_the_workspace_does_not_widen_what_the_user_says() {
    let world = World::new();
    std::os::unix::fs::symlink(world.root.join("outside"), world.path("data")).expect("a link");
    let requests = everything();
    for source in [user_file(), Source::Flag] {
        for (target, is_meant) in [
            ("data", false),
            ("in/../data/*.txt", false),
            ("in", true),
            ("../outside", true),
            ("../outside/*.txt", true),
        ] {
            let statements = [world.says(Effect::Allow, Kind::Read, target, source.clone())];
            for trusted in [false, true] {
                let statements = &statements;
                let given = Given { requests: &requests, statements, trusted, ..Given::default() };
                let decided = world.try_decide(&given).map_err(|unusable| unusable.error);
                match decided {
                    Ok(_) => assert!(is_meant, "{target}"),
                    Err(error) => {
                        assert!(!is_meant, "{target}");
                        assert!(matches!(error, PermissionError::Detour { .. }), "{error}");
                    }
                }
            }
        }
        // A denial takes what the link leads to.
        let denial = world.says(Effect::Deny, Kind::Read, "data", source.clone());
        assert!(world.try_decide(&Given { statements: &[denial], ..Given::default() }).is_ok());
    }
}
