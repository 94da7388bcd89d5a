//! CSS, with the tokens of cssparser: without comments and without the white space that no grammar of
//! CSS gives a meaning. Values are not rewritten, so that nothing depends on what browsers support.

use cssparser::TokenSerializationType as Kind;
use cssparser::{Delimiter, ParseError, Parser, ParserInput, SourcePosition, Token};

/// How deep blocks may stand in blocks: beyond it the stack of the sandbox could end.
const DEPTH: usize = 64;

/// Minifies a style sheet.
pub(super) fn minify(source: &str) -> Result<String, String> {
    let mut input = ParserInput::new(source);
    let mut parser = Parser::new(&mut input);
    let mut writer = Writer { text: String::with_capacity(source.len()), ..Writer::default() };
    writer.block(&mut parser, 0).map_err(|error| {
        let reason = match error.kind {
            cssparser::ParseErrorKind::Custom(reason) => reason.to_owned(),
            cssparser::ParseErrorKind::Basic(kind) => kind.to_string(),
        };
        format!("{reason} at line {}", error.location.line + 1)
    })?;
    writer.semicolon();
    Ok(writer.text)
}

type Outcome<'i> = Result<(), ParseError<'i, &'static str>>;

#[derive(Default)]
struct Writer {
    text: String,
    /// The token written last.
    before: Before,
    /// White space stands between it and the next.
    space: bool,
    /// A comment did.
    comment: bool,
    /// A semicolon waits: before a `}` there is no need of one.
    semicolon: bool,
}

/// What the next token depends on.
#[derive(Clone, Copy, Default, PartialEq)]
enum Before {
    /// A declaration or a rule can begin: the start, `{`, `}`, `;`.
    #[default]
    Start,
    /// White space after it means nothing: `(`, `[`, `,`.
    Open,
    /// `:`
    Colon,
    /// `>`
    Greater,
    /// Anything else.
    Other(Kind),
}

impl Writer {
    /// Writes all tokens up to the end of this block.
    fn block<'i>(&mut self, parser: &mut Parser<'i, '_>, depth: usize) -> Outcome<'i> {
        if depth > DEPTH {
            return Err(parser.new_custom_error("blocks are nested too deep"));
        }
        loop {
            let start = parser.position();
            let Ok(token) = parser.next_including_whitespace_and_comments() else { return Ok(()) };
            let token = token.clone();
            if token.is_parse_error() {
                return Err(parser.new_unexpected_token_error(token));
            }
            match token {
                Token::WhiteSpace(_) => self.space = true,
                Token::Comment(text) if text.starts_with('!') => {
                    self.semicolon();
                    self.text.push_str(parser.slice_from(start));
                    (self.before, self.space) = (Before::Open, false);
                }
                Token::Comment(_) => self.comment = true,
                Token::Semicolon => {
                    (self.semicolon, self.space, self.comment) = (true, false, false);
                    self.before = Before::Start;
                }
                Token::CurlyBracketBlock => {
                    self.open("{", Before::Start);
                    self.nested(parser, depth)?;
                    self.close("}", Before::Start);
                }
                Token::ParenthesisBlock | Token::SquareBracketBlock | Token::Function(_) => {
                    let round = token != Token::SquareBracketBlock;
                    self.separate(&token);
                    self.text.push_str(parser.slice_from(start));
                    self.before = Before::Open;
                    self.nested(parser, depth)?;
                    self.close(if round { ")" } else { "]" }, Before::Other(Kind::Nothing));
                }
                Token::Ident(ref name)
                    if name.starts_with("--") && self.before == Before::Start =>
                {
                    self.write(&token, parser.slice_from(start));
                    self.custom_property(parser)?;
                }
                _ => self.write(&token, parser.slice_from(start)),
            }
        }
    }

    /// The inside of a block whose opening token was read.
    fn nested<'i>(&mut self, parser: &mut Parser<'i, '_>, depth: usize) -> Outcome<'i> {
        let mut end: Option<SourcePosition> = None;
        parser.parse_nested_block(|parser| {
            self.block(parser, depth + 1)?;
            end = Some(parser.position());
            Ok(())
        })?;
        if end == Some(parser.position()) {
            return Err(parser.new_custom_error("a block is not closed"));
        }
        Ok(())
    }

    /// The value of a custom property is text that scripts can read: it stays as it is.
    fn custom_property<'i>(&mut self, parser: &mut Parser<'i, '_>) -> Outcome<'i> {
        if parser.try_parse(Parser::expect_colon).is_err() {
            return Ok(());
        }
        let start = parser.position();
        parser.parse_until_before(Delimiter::Semicolon, |parser| {
            parser.expect_no_error_token().map_err(ParseError::from)
        })?;
        self.text.push(':');
        self.text.push_str(parser.slice_from(start));
        (self.space, self.comment, self.before) = (false, false, Before::Other(Kind::Nothing));
        Ok(())
    }

    /// Writes a token as it was written, after what must stand between it and the one before.
    fn write(&mut self, token: &Token<'_>, text: &str) {
        self.separate(token);
        self.text.push_str(text);
        self.before = match token {
            Token::Comma => Before::Open,
            Token::Colon => Before::Colon,
            Token::Delim('>') => Before::Greater,
            _ => Before::Other(token.serialization_type()),
        };
    }

    fn separate(&mut self, next: &Token<'_>) {
        self.semicolon();
        let (space, comment) = (std::mem::take(&mut self.space), std::mem::take(&mut self.comment));
        let idle = match (self.before, next) {
            (Before::Start | Before::Open, _) | (_, Token::Comma | Token::Delim('!')) => true,
            (_, Token::Delim('>')) => true,
            (Before::Colon, Token::Colon) | (Before::Greater, Token::Delim('=')) => false,
            (Before::Colon | Before::Greater, _) => true,
            (Before::Other(_), _) => false,
        };
        if space && !idle {
            self.text.push(' ');
        }
        if let Before::Other(before) = self.before
            && (comment && !space)
            && before.needs_separator_when_before(next.serialization_type())
        {
            self.text.push_str("/**/");
        }
    }

    /// Writes the semicolon that waits.
    fn semicolon(&mut self) {
        if std::mem::take(&mut self.semicolon) {
            self.text.push(';');
        }
    }

    fn open(&mut self, bracket: &str, before: Before) {
        self.semicolon();
        self.text.push_str(bracket);
        (self.space, self.comment, self.before) = (false, false, before);
    }

    fn close(&mut self, bracket: &str, before: Before) {
        self.semicolon = false;
        self.open(bracket, before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn min(source: &str) -> String {
        minify(source).expect("it is CSS")
    }

    #[test]
    fn white_space_without_meaning_goes() {
        for (source, expected) in [
            (
                " a { color : red ; ; margin:0 auto !important; }\n",
                "a{color :red;margin:0 auto!important}",
            ),
            (".a :hover > .b + .c  .d , a:not( .x ) .y { }", ".a :hover>.b + .c .d,a:not(.x) .y{}"),
            (
                "@media screen and ( min-width: 30em ) and (not (print)) { a { b: c; } }",
                "@media screen and (min-width:30em) and (not (print)){a{b:c}}",
            ),
            (
                "@charset \"utf-8\";\n@import url( 'a.css' ) screen ;",
                "@charset \"utf-8\";@import url('a.css') screen;",
            ),
            ("a{width: calc( 100% - ( 2px + 3px ) )}", "a{width:calc(100% - (2px + 3px))}"),
            ("a{grid-template: [ a ] 'x  y' 1fr / auto}", "a{grid-template:[a] 'x  y' 1fr / auto}"),
            ("@container (width >= 400px) {a{b:c}}", "@container (width>= 400px){a{b:c}}"),
            (".a [href] *{b:c}", ".a [href] *{b:c}"),
            (
                "@layer a , b ; @layer a { .c { & .d { e: f } > p{g:h} } }",
                "@layer a,b;@layer a{.c{& .d{e:f}>p{g:h}}}",
            ),
            (
                "@font-face { unicode-range: U+0025-00FF, u+4?? }",
                "@font-face{unicode-range:U+0025-00FF,u+4??}",
            ),
            ("a{b: url( data:x;y,z )}", "a{b:url( data:x;y,z )}"),
        ] {
            assert_eq!(min(source), expected);
        }
    }

    #[test]
    fn white_space_between_what_would_become_one_stays() {
        assert_eq!(min("a{b: :c}@media (a > =b){}"), "a{b: :c}@media (a> =b){}");
    }

    #[test]
    fn comments_go_without_gluing_what_they_parted() {
        assert_eq!(
            min("/* x */ a/**/b { c /* d */ : /* e */ f } /*! keep */ g{}"),
            "a/**/b{c :f}/*! keep */g{}"
        );
        assert_eq!(min(".a/* x */ .b{}"), ".a .b{}");
        assert_eq!(min(".a/* x */.b{}"), ".a.b{}");
    }

    #[test]
    fn a_custom_property_keeps_its_text() {
        let same = ":root{--a: ;--b: { x : y };--c:  1px  2px;--d:}";
        assert_eq!(min(same), same);
        assert_eq!(min("a{ color : var( --a , ) }"), "a{color :var(--a,)}");
    }

    #[test]
    fn strings_and_escapes_stay() {
        let same = "a::after{content:'  /* x */ \\'  ';b:\\31 23}";
        assert_eq!(min(same), same);
    }

    #[test]
    fn what_does_not_parse_is_refused_with_its_line() {
        for source in [
            "a {\n b: c",
            "a {\n }}",
            "a {\n b: 'x\n }",
            "a {\n b: (c }",
            "a{\nb:url(x y)}",
            "a{--b:\n(c]}",
        ] {
            let reason = minify(source).expect_err(source);
            assert!(reason.contains(" at line "), "{reason}");
        }
        assert!(minify(&"{".repeat(100_000)).is_err());
    }

    #[test]
    fn twice_is_the_same_as_once() {
        let once =
            min("@media (a > b) { .x :is( a , b ) > c { d : e /**/ f ; --g : h } } /*! i */");
        assert_eq!(min(&once), once);
    }
}
