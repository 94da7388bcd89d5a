use std::collections::BTreeMap;
use std::fs;

use super::*;

/// A workspace with directories, a place beside it, and a home.
struct World {
    _directory: tempfile::TempDir,
    root: PathBuf,
    paths: Paths,
    variables: BTreeMap<&'static str, &'static str>,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(directory.path()).expect("it is there");
        for name in ["workspace/in/deep", "workspace/out", "outside", "home"] {
            fs::create_dir_all(root.join(name)).expect("a directory");
        }
        fs::write(root.join("workspace/file"), "").expect("a file");
        let workspace = root.join("workspace");
        let paths =
            Paths::new(&workspace, &workspace, Some(&root.join("home"))).expect("all are there");
        let variables = BTreeMap::from([("TOKEN", "secret"), ("OTHER", "x")]);
        Self { _directory: directory, root, paths, variables }
    }

    fn decide(
        &self,
        embedded: bool,
        requests: &[Request],
        allowed: &Allowed,
    ) -> Result<Grants, PermissionError> {
        self.decide_with(embedded, requests, allowed, &[])
    }

    fn decide_with(
        &self,
        embedded: bool,
        requests: &[Request],
        allowed: &Allowed,
        named: &[NamedPath],
    ) -> Result<Grants, PermissionError> {
        let environment = |name: &str| self.variables.get(name).map(ToString::to_string);
        Grants::decide(&Policy {
            embedded,
            requests,
            allowed,
            named,
            paths: &self.paths,
            environment: &environment,
        })
    }

    /// A directory or file of the workspace as a mount.
    fn mount(&self, path: &str, access: Access, scope: Scope) -> Mount {
        let host = self.root.join("workspace").join(path).components().collect();
        Mount { host, guest: format!("/{path}"), access, scope }
    }

    fn named(&self, path: &str, kind: PathKind, access: Access) -> NamedPath {
        NamedPath {
            host: self.root.join("workspace").join(path),
            guest: format!("/{path}"),
            spec: PathSpec { kind, access },
        }
    }
}

fn request(capability: Capability) -> Request {
    Request { capability, reason: "to work".into() }
}

fn requests() -> Vec<Request> {
    vec![
        request(Capability::Read("in".into())),
        request(Capability::Write("out".into())),
        request(Capability::Environment("TOKEN".into())),
    ]
}

fn allowed(read: &[&str], write: &[&str], environment: &[&str]) -> Allowed {
    let paths = |texts: &[&str]| texts.iter().map(PathBuf::from).collect();
    Allowed {
        read: paths(read),
        write: paths(write),
        environment: environment.iter().map(ToString::to_string).collect(),
        ..Allowed::default()
    }
}

#[test]
fn nothing_is_granted_by_default() {
    let world = World::new();
    let grants = world.decide(false, &requests(), &Allowed::default()).expect("a decision");
    assert!(grants.mounts().is_empty() && grants.environment().is_empty());
    assert_eq!(grants.refused(), requests());
    let none = Grants::none();
    assert!(none.mounts().is_empty() && none.environment().is_empty() && none.refused().is_empty());
}

#[test]
fn an_embedded_plugin_has_the_directories_that_it_requests() {
    let world = World::new();
    let grants = world.decide(true, &requests(), &Allowed::default()).expect("a decision");
    assert_eq!(
        grants.mounts(),
        [
            world.mount("in", Access::Read, Scope::Tree),
            world.mount("out", Access::Write, Scope::Tree),
        ]
    );
    // And no variable.
    assert!(grants.environment().is_empty());
    assert_eq!(grants.refused(), [request(Capability::Environment("TOKEN".into()))]);
}

#[test]
fn what_is_not_there_is_not_granted() {
    let world = World::new();
    let requests = [request(Capability::Write("none".into()))];
    let grants = world.decide(true, &requests, &Allowed::default()).expect("a decision");
    assert!(grants.mounts().is_empty());
    assert_eq!(grants.refused(), requests);
}

#[cfg(unix)]
#[test]
fn a_request_does_not_lead_out_of_the_workspace() {
    let world = World::new();
    std::os::unix::fs::symlink("../outside", world.root.join("workspace/link")).expect("a link");
    let requests = [request(Capability::Read("link".into()))];
    let error = world.decide(true, &requests, &Allowed::default()).expect_err("it leads outside");
    assert!(error.is_denial(), "{error}");
    assert!(error.to_string().contains("outside"), "{error}");
}

#[test]
fn flags_grant_without_a_request() {
    let world = World::new();
    let allowed = allowed(&["in"], &["out"], &["TOKEN", "UNSET"]);
    let grants = world.decide(false, &[], &allowed).expect("a decision");
    assert_eq!(
        grants.mounts(),
        [
            world.mount("in", Access::Read, Scope::Tree),
            world.mount("out", Access::Write, Scope::Tree),
        ]
    );
    assert_eq!(grants.environment(), [("TOKEN".to_owned(), "secret".to_owned())]);
}

#[test]
fn what_is_granted_is_no_longer_refused() {
    let world = World::new();
    let refused = |read: &[&str], write: &[&str], environment: &[&str]| {
        let allowed = allowed(read, write, environment);
        let grants = world.decide(false, &requests(), &allowed).expect("a decision");
        grants.refused().iter().map(|request| request.capability.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(refused(&["in"], &["out"], &["TOKEN"]), [""; 0]);
    assert_eq!(refused(&["."], &[], &["OTHER"]), ["--allow-write out", "--allow-env TOKEN"]);
    assert_eq!(refused(&[], &["."], &["TOKEN"]), [""; 0], "writing is reading, and all is some");
    assert_eq!(refused(&["in/deep"], &["out"], &["TOKEN"]), ["--allow-read in"], "some is not all");
}

#[test]
fn no_mount_is_inside_another_that_gives_the_same() {
    let world = World::new();
    let mounts = |read: &[&str], write: &[&str]| {
        let grants = world.decide(false, &[], &allowed(read, write, &[])).expect("a decision");
        let mut mounts: Vec<_> =
            grants.mounts().iter().map(|mount| (mount.guest.clone(), mount.access)).collect();
        mounts.sort();
        mounts
    };
    let root = || ("/".to_owned(), Access::Read);
    assert_eq!(mounts(&["in", ".", "in/deep", "in"], &[]), [root()]);
    assert_eq!(mounts(&[".", "out"], &["out"]), [root(), ("/out".to_owned(), Access::Write)]);
    assert_eq!(mounts(&["in"], &["."]), [("/".to_owned(), Access::Write)]);
}

#[test]
fn a_path_of_the_command_line_grants_itself() {
    let world = World::new();
    let decide = |named: &[NamedPath], allowed: &Allowed| {
        world.decide_with(false, &[], allowed, named).expect("a decision").mounts().to_vec()
    };
    let nothing = Allowed::default();
    let file = world.named("file", PathKind::File, Access::Read);
    let one = world.mount("file", Access::Read, Scope::File);
    assert_eq!(decide(&[file.clone(), file.clone()], &nothing), [one]);
    // To write one, too, is more.
    let output = world.named("file", PathKind::File, Access::Write);
    let more = world.mount("file", Access::Write, Scope::File);
    assert_eq!(decide(&[file.clone(), output.clone()], &nothing), std::slice::from_ref(&more));
    assert_eq!(decide(&[output.clone(), file.clone()], &nothing), std::slice::from_ref(&more));
    // A directory that may be read holds it, and one that may be written is less than it.
    let all = world.mount("", Access::Read, Scope::Tree);
    assert_eq!(decide(&[file], &allowed(&["."], &[], &[])), std::slice::from_ref(&all));
    assert_eq!(decide(&[output], &allowed(&["."], &[], &[])), [all, more]);
    let directory = world.named("out", PathKind::Directory, Access::Write);
    assert_eq!(decide(&[directory], &nothing), [world.mount("out", Access::Write, Scope::Tree)]);
}

#[test]
fn some_things_are_granted_to_nobody() {
    let world = World::new();
    let home = world.root.join("home");
    let above = world.root.clone();
    for directory in
        [home.as_path(), above.as_path(), Path::new("../home"), Path::new("../home/../..")]
    {
        for write in [false, true] {
            let mut allowed = Allowed::default();
            let list = if write { &mut allowed.write } else { &mut allowed.read };
            list.push(directory.to_owned());
            let error = world.decide(false, &[], &allowed).expect_err("it is forbidden");
            assert!(error.is_denial(), "{}: {error}", directory.display());
        }
        let host =
            dunce::canonicalize(world.root.join("workspace").join(directory)).expect("there");
        let spec = PathSpec { kind: PathKind::Directory, access: Access::Read };
        let named = NamedPath { host, guest: "/x".into(), spec };
        let error = world.decide_with(false, &[], &Allowed::default(), &[named]);
        assert!(error.expect_err("it is forbidden").is_denial());
    }
    // What is below the home directory is not the whole of it.
    fs::create_dir(home.join("project")).expect("a directory");
    let below = Allowed { read: vec![home.join("project")], ..Allowed::default() };
    assert_eq!(world.decide(false, &[], &below).expect("a decision").mounts().len(), 1);
}

#[test]
fn a_mistake_is_no_denial() {
    let world = World::new();
    for mistake in [
        allowed(&["none"], &[], &[]),
        allowed(&[], &["file"], &[]),
        allowed(&[], &[], &["A=B"]),
        allowed(&[], &[], &[""]),
    ] {
        let error = world.decide(false, &[], &mistake).expect_err("it is a mistake");
        assert!(!error.is_denial(), "{error}");
    }
}
