//! Makes text smaller that means the same: JSON, CSS, HTML and JavaScript.

mod css;
mod html;
mod javascript;
mod json;

pub(crate) use javascript::Goal;

/// What a file is written in, as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// `.json`, `.webmanifest`, `.map`
    Json,
    /// `.css`
    Css,
    /// `.html`, `.htm`
    Html,
    /// `.js`, `.mjs`, `.cjs`
    JavaScript(Goal),
}

/// A smaller text, and what there is to say of parts that stayed as they were.
#[derive(Debug, Default)]
pub(crate) struct Minified {
    /// The text.
    pub(crate) text: String,
    /// One line each.
    pub(crate) remarks: Vec<String>,
}

impl Language {
    /// The language of a file of this name, if it is one of these.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "json" | "webmanifest" | "map" => Self::Json,
            "css" => Self::Css,
            "html" | "htm" => Self::Html,
            "js" => Self::JavaScript(Goal::Either),
            "mjs" => Self::JavaScript(Goal::Module),
            "cjs" => Self::JavaScript(Goal::CommonJs),
            _ => return None,
        })
    }

    /// Minifies a text, or says why it cannot be done.
    pub(crate) fn minify(self, source: &str) -> Result<Minified, String> {
        match self {
            Self::Json => json::minify(source).map(Minified::from),
            Self::Css => css::minify(source).map(Minified::from),
            Self::Html => html::minify(source),
            Self::JavaScript(goal) => javascript::minify(source, goal).map(Minified::from),
        }
    }
}

impl From<String> for Minified {
    fn from(text: String) -> Self {
        Self { text, remarks: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_language() {
        assert_eq!(Language::of("a.JSON"), Some(Language::Json));
        assert_eq!(Language::of("a.min.js"), Some(Language::JavaScript(Goal::Either)));
        assert_eq!(Language::of("a.mjs"), Some(Language::JavaScript(Goal::Module)));
        assert_eq!(Language::of("a.ts"), None);
        assert_eq!(Language::of("json"), None);
    }
}
