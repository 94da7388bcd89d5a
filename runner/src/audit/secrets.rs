//! Keeps the values of variables out of the records.

/// The values that a command was given: whoever sends one elsewhere in a path or a host's name does not
/// bring it into the audit.
#[derive(Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

/// Shorter values are not told from ordinary words.
const SHORTEST: usize = 6;

impl Secrets {
    pub(crate) fn new(variables: &[(String, String)]) -> Self {
        let mut secrets: Vec<_> =
            variables.iter().filter(|(_, value)| value.len() >= SHORTEST).cloned().collect();
        // A value that holds another one goes first.
        secrets.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        Self(secrets)
    }

    /// The text without the values.
    pub(super) fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            if text.contains(value) { text.replace(value, &format!("[{name}]")) } else { text }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_variables_are_named_and_not_shown() {
        let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let secrets = Secrets::new(
            &[("SHORT", "ab"), ("TOKEN", "s3cr3t-token"), ("PART", "s3cr3t")].map(variable),
        );
        assert_eq!(secrets.redact("/x/s3cr3t-token.txt"), "/x/[TOKEN].txt");
        assert_eq!(secrets.redact("s3cr3t.example.org:80"), "[PART].example.org:80");
        assert_eq!(secrets.redact("/abc"), "/abc");
    }
}
