//! 'Did you mean'.

/// How alike two names must be (Jaro–Winkler, 0 to 1) for one to be offered for the other; clap uses
/// 0.7 on Jaro.
const LIKENESS: f64 = 0.8;

/// The names most like a mistyped one, at most three, the most alike first.
pub(crate) fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut alike: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    alike.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_finds_the_name() {
        let names = ["build", "clean", "list"];
        assert_eq!(nearest("biuld", names), ["build"]);
        assert_eq!(nearest("claen", names), ["clean"]);
        assert!(nearest("xyz", names).is_empty());
    }
}
