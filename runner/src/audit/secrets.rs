//! Keeps the values of variables out of the records.

/// The values of variables that a command was given, and of those whose names say that they are secret:
/// whoever puts one into a path or a host's name does not bring it into the audit.
#[derive(Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

/// Shorter values are not told from ordinary words.
const SHORTEST: usize = 6;

impl Secrets {
    pub(crate) fn new(granted: &[(String, String)], all: &[(String, String)]) -> Self {
        let named = all.iter().filter(|(name, _)| is_secret(name));
        // A path is no secret, and would take the targets of the record with it.
        let told = granted.iter().filter(|(_, value)| !value.starts_with(['/', '\\']));
        let mut secrets: Vec<_> =
            told.chain(named).filter(|(_, value)| value.len() >= SHORTEST).cloned().collect();
        // A value that holds another one goes first.
        secrets.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        Self(secrets)
    }

    /// The text without the values.
    pub(super) fn redact(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (name, value)| {
            if text.contains(value) { text.replace(value, &format!("[{name}]")) } else { text }
        })
    }
}

/// What the names of variables with secrets have in them.
const SECRET: [&str; 6] = ["TOKEN", "SECRET", "PASSW", "CREDENTIAL", "API_KEY", "PRIVATE_KEY"];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_variables_are_named_and_not_shown() {
        let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let granted =
            [("SHORT", "ab"), ("TOKEN", "s3cr3t-token"), ("PART", "s3cr3t")].map(variable);
        let all = [("db_password", "hunter22"), ("EDITOR", "/usr/bin/vi")].map(variable);
        let secrets = Secrets::new(&granted, &all);
        assert_eq!(secrets.redact("/hunter22/usr/bin/vi".into()), "/[db_password]/usr/bin/vi");
        assert_eq!(secrets.redact("/x/s3cr3t-token.txt".into()), "/x/[TOKEN].txt");
        assert_eq!(secrets.redact("s3cr3t.example.org:80".into()), "[PART].example.org:80");
        assert_eq!(secrets.redact("/abc".into()), "/abc");
        let home = Secrets::new(&[variable(("HOME", "/home/me"))], &[]);
        assert_eq!(home.redact("/home/me/x".into()), "/home/me/x");
    }
}
