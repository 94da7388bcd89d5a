//! HTML, with lol_html: without comments, with one space for many, and with its scripts and style
//! sheets minified. Tags and attributes stay as they were written.
//!
//! A run of white space becomes one space and never disappears, for between inline elements it is
//! seen. What a style sheet's `white-space` makes of other elements than `pre` cannot be known here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lol_html::html_content::{Comment, ContentType, Element, TextChunk, TextType};
use lol_html::{RewriteStrSettings, doc_comments, doc_text, element, rewrite_str};

use super::{Goal, Language, Minified};

/// Minifies a document or a part of one.
pub(super) fn minify(source: &str) -> Result<Minified, String> {
    let squeeze = RefCell::new(Squeeze::default());
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(element!("*", |element| {
            squeeze.borrow_mut().enter(element);
            Ok(())
        }))
        .append_document_content_handler(doc_comments!(|comment| {
            if is_idle(comment) {
                comment.remove();
            }
            Ok(())
        }))
        .append_document_content_handler(doc_text!(|chunk| {
            squeeze.borrow_mut().text(chunk);
            Ok(())
        }));
    let text = rewrite_str(source, settings).map_err(|error| error.to_string())?;
    Ok(Minified { text, remarks: squeeze.into_inner().remarks })
}

/// Comments that something reads: conditional ones, those of servers, and those marked to stay.
fn is_idle(comment: &Comment<'_>) -> bool {
    let text = comment.text();
    let text = text.trim_start();
    !(text.starts_with(['!', '#']) || text.starts_with("[if") || text.starts_with("<![endif"))
}

/// Where the rewriting is in the document.
#[derive(Default)]
struct Squeeze {
    /// How many elements are open in which white space counts.
    preserved: Rc<Cell<usize>>,
    /// What the raw text of the element just opened is written in.
    embedded: Option<Language>,
    /// The raw text so far: it arrives in chunks.
    raw: String,
    /// The text so far ends with a space.
    after_space: bool,
    /// Parts that stayed as they were.
    remarks: Vec<String>,
}

impl Squeeze {
    fn enter(&mut self, element: &mut Element<'_, '_>) {
        let name = element.tag_name();
        self.embedded = match name.as_str() {
            "script" => script_language(element.get_attribute("type").as_deref()),
            "style" => match element.get_attribute("type").as_deref() {
                None | Some("" | "text/css") => Some(Language::Css),
                Some(_) => None,
            },
            _ => None,
        };
        // Inside of SVG, scripts and style sheets are ordinary text to the parser.
        if matches!(name.as_str(), "pre" | "textarea" | "listing" | "script" | "style")
            && let Some(at_the_end) = element.end_tag_handlers()
        {
            self.preserved.set(self.preserved.get() + 1);
            let preserved = Rc::clone(&self.preserved);
            at_the_end.push(Box::new(move |_| {
                preserved.set(preserved.get().saturating_sub(1));
                Ok(())
            }));
        }
    }

    fn text(&mut self, chunk: &mut TextChunk<'_>) {
        match chunk.text_type() {
            TextType::Data if self.preserved.get() == 0 => self.collapse(chunk),
            TextType::ScriptData | TextType::RawText => {
                if let Some(language) = self.embedded {
                    self.minify_embedded(chunk, language);
                }
            }
            _ => {}
        }
    }

    fn collapse(&mut self, chunk: &mut TextChunk<'_>) {
        let mut text = String::with_capacity(chunk.as_str().len());
        for character in chunk.as_str().chars() {
            let space = matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}');
            match (space, self.after_space) {
                (true, true) => {}
                (true, false) => text.push(' '),
                (false, _) => text.push(character),
            }
            self.after_space = space;
        }
        if chunk.last_in_text_node() {
            self.after_space = false;
        }
        if text != chunk.as_str() {
            chunk.replace(&text, ContentType::Html);
        }
    }

    fn minify_embedded(&mut self, chunk: &mut TextChunk<'_>, language: Language) {
        self.raw.push_str(chunk.as_str());
        if !chunk.last_in_text_node() {
            chunk.remove();
            return;
        }
        let raw = std::mem::take(&mut self.raw);
        let text = if raw.trim().is_empty() { String::new() } else { self.smaller(raw, language) };
        chunk.replace(&text, ContentType::Html);
    }

    fn smaller(&mut self, raw: String, language: Language) -> String {
        match language.minify(&raw) {
            Ok(minified) if minified.text.len() < raw.len() && is_harmless(&minified.text) => {
                minified.text
            }
            Ok(_) => raw,
            Err(reason) => {
                let what = if language == Language::Css { "style sheet" } else { "script" };
                self.remarks.push(format!("a {what} in it stays as it is: {reason}"));
                raw
            }
        }
    }
}

/// Whether a text can stand in a script or style element: nothing in it may end the element, or change
/// how the parser looks for its end.
fn is_harmless(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    !["</script", "</style", "<script", "<!--"].iter().any(|end| text.contains(end))
}

/// What a script element with this `type` holds, if it is something to minify.
fn script_language(kind: Option<&str>) -> Option<Language> {
    let kind = kind.map(|kind| kind.trim().to_ascii_lowercase());
    match kind.as_deref() {
        None | Some("" | "text/javascript" | "application/javascript") => {
            Some(Language::JavaScript(Goal::Script))
        }
        Some("module") => Some(Language::JavaScript(Goal::Module)),
        Some("importmap" | "speculationrules" | "application/json" | "application/ld+json") => {
            Some(Language::Json)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn min(source: &str) -> String {
        minify(source).expect("it is HTML").text
    }

    #[test]
    fn white_space_and_comments_go() {
        let source = "<!DOCTYPE html>\n<p  class=\"a  b\">\n  one   <b>two</b>\n\tthree&nbsp; </p> \
                      <!-- gone -->\n";
        let expected = "<!DOCTYPE html> <p  class=\"a  b\"> one <b>two</b> three&nbsp; </p>  ";
        assert_eq!(min(source), expected);
    }

    #[test]
    fn white_space_that_is_seen_stays() {
        let same = "<pre>a\n  b <i>c  d</i>\n</pre><textarea>\n a  b</textarea>";
        assert_eq!(min(same), same);
        assert_eq!(min("<pre>a  b</pre>  c  d"), "<pre>a  b</pre> c d");
        assert_eq!(min("a <i> b </i> c"), "a <i> b </i> c");
    }

    #[test]
    fn comments_that_something_reads_stay() {
        for same in
            ["<!--[if IE]>x<![endif]-->", "<!--#include file=\"a\" -->", "<!--! licence -->"]
        {
            assert_eq!(min(same), same);
        }
    }

    #[test]
    fn what_is_embedded_is_minified_in_its_language() {
        let source = "<style>\na { color : red; }\n</style><script>\nfoo( 1 ,  2 ); // x\n</script>\
                      <script type=\"importmap\">{ \"a\": 1 }</script>\
                      <script type=\"text/template\">\n <p>  </p> </script>";
        let expected = "<style>a{color :red}</style><script>foo(1,2);</script>\
                        <script type=\"importmap\">{\"a\":1}</script>\
                        <script type=\"text/template\">\n <p>  </p> </script>";
        assert_eq!(min(source), expected);
    }

    #[test]
    fn a_script_that_does_not_parse_stays_and_is_remarked() {
        let source = "<script>let = {{ template }};</script>";
        let minified = minify(source).expect("it is HTML");
        assert_eq!(minified.text, source);
        assert!(minified.remarks[0].starts_with("a script in it stays"), "{:?}", minified.remarks);
    }

    #[test]
    fn what_would_confuse_the_parser_stays() {
        let same = "<script>f( '<!' + '--', '<scr' + 'ipt' );</script>";
        assert_eq!(min(same), same);
    }

    #[test]
    fn scripts_in_svg_keep_their_lines() {
        let same = "<svg><script>a() // x\nb()</script></svg>";
        assert_eq!(min(same), same);
    }

    #[test]
    fn a_long_text_arrives_whole() {
        let words = "word ö  ".repeat(10_000);
        let script = format!("<script>f('{words}')</script>");
        assert_eq!(min(&format!("<p>{words}</p>")), format!("<p>{}</p>", "word ö ".repeat(10_000)));
        assert!(min(&script).contains(&words));
    }
}
