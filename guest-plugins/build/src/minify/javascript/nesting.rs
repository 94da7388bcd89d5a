//! How deep a program nests, before anything recursive looks at it.
//!
//! Parsers and minifiers call themselves for each level of nesting, and in the sandbox a stack that
//! ends ends the command. This looks at the characters only, without recursion, and errs to the deep
//! side: a program that is taken for too deep is left as it is.

/// What a level of brackets costs, and a branch: the minifier makes nested statements of `if (a)
/// return; b(); if (c) return; d();`.
const LEVEL: u32 = 10;

/// What one more operator in a chain such as `a + b + c` or `a.b().c()` costs.
const LINK: u32 = 3;

/// How much is too much. With the runner's stack of 1 MiB, the constructs that need most end it at
/// about 6,000.
const LIMIT: u32 = 3_000;

/// Whether a program nests too deep to be looked at.
pub(super) fn is_too_deep(source: &str) -> bool {
    let mut scan = Scan { rest: source.as_bytes(), ..Scan::default() };
    scan.frames.push(Frame::default());
    scan.run() > LIMIT
}

/// The inside of a pair of brackets.
#[derive(Default)]
struct Frame {
    /// It is a `${}` of a template, whose text goes on behind it.
    in_template: bool,
    /// Operators since the last statement or item began.
    links: u32,
    /// What it counts for now.
    weight: u32,
}

#[derive(Default)]
struct Scan<'a> {
    rest: &'a [u8],
    frames: Vec<Frame>,
    /// What all open frames count for, and the most that they ever did.
    weight: u32,
    most: u32,
    /// The last character that means something, and the word that it ends.
    last: u8,
    word: &'a [u8],
    /// A line or a block has ended since: maybe the statement too.
    ended: bool,
}

impl<'a> Scan<'a> {
    fn run(mut self) -> u32 {
        while let [next, after @ ..] = self.rest {
            match next {
                b'\n' | b'\r' => self.ended = true,
                b' ' | b'\t' => {}
                b'/' if after.starts_with(b"/") => {
                    self.skip_to(|rest| rest.starts_with(b"\n"), 0);
                    continue;
                }
                b'/' if after.starts_with(b"*") => {
                    self.skip_to(|rest| rest.starts_with(b"*/"), 2);
                    continue;
                }
                b'/' if self.expects_operand() => self.regular_expression(),
                b'"' | b'\'' => self.string(*next),
                b'`' => self.template(),
                b'(' | b'[' | b'{' => self.open(*next),
                b')' | b']' | b'}' => self.close(*next),
                b';' | b',' => self.separator(*next),
                byte if is_word(*byte) => {
                    self.word();
                    continue;
                }
                _ => self.link(*next),
            }
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        self.most
    }

    /// Whether a `/` would begin a regular expression.
    fn expects_operand(&self) -> bool {
        match self.last {
            b')' | b']' | b'}' | b'"' | b'\'' | b'`' => false,
            last if is_word(last) => {
                matches!(
                    self.word,
                    b"return" | b"typeof" | b"case" | b"in" | b"of" | b"void" | b"else"
                )
            }
            _ => true,
        }
    }

    /// Goes on where `found` is true, and `behind` bytes further.
    fn skip_to(&mut self, found: impl Fn(&[u8]) -> bool, behind: usize) {
        let end = (0..self.rest.len()).find(|at| found(&self.rest[*at..]));
        self.rest = end.and_then(|at| self.rest.get(at + behind..)).unwrap_or_default();
    }

    /// Stands at a quote, and goes to the one that ends the string; no string spans lines.
    fn string(&mut self, quote: u8) {
        self.begin();
        self.skip_literal(|byte| byte == quote || byte == b'\n');
        self.last = quote;
    }

    fn regular_expression(&mut self) {
        self.begin();
        let mut in_class = false;
        self.skip_literal(|byte| {
            match byte {
                b'[' => in_class = true,
                b']' => in_class = false,
                _ => {}
            }
            byte == b'\n' || (byte == b'/' && !in_class)
        });
        self.last = b'"';
    }

    /// Goes to the byte that ends a literal; what follows a backslash does not.
    fn skip_literal(&mut self, mut ends: impl FnMut(u8) -> bool) {
        let mut escaped = true;
        let end = self.rest.iter().position(|byte| {
            let ends = !escaped && ends(*byte);
            escaped = !escaped && *byte == b'\\';
            ends
        });
        self.rest = end.map_or(&[][..], |at| &self.rest[at..]);
    }

    /// Stands at the character before a template's text, and goes to its end or to the next `${`.
    fn template(&mut self) {
        let mut dollar = false;
        let mut substitutes = false;
        self.skip_literal(|byte| {
            substitutes = dollar && byte == b'{';
            dollar = byte == b'$';
            substitutes || byte == b'`'
        });
        self.last = b'`';
        if substitutes {
            self.open(b'{');
            if let Some(frame) = self.frames.last_mut() {
                frame.in_template = true;
            }
        }
    }

    fn open(&mut self, bracket: u8) {
        if bracket == b'{' {
            self.begin();
        }
        self.frames.push(Frame::default());
        self.add(LEVEL);
        (self.last, self.ended) = (bracket, false);
    }

    fn close(&mut self, bracket: u8) {
        let closed = if self.frames.len() > 1 { self.frames.pop() } else { None };
        self.weight -= closed.as_ref().map_or(0, |frame| frame.weight);
        self.link(bracket);
        self.ended = bracket == b'}';
        if closed.is_some_and(|frame| frame.in_template) {
            self.template();
        }
    }

    fn separator(&mut self, byte: u8) {
        self.reset();
        (self.last, self.ended) = (byte, false);
    }

    fn link(&mut self, byte: u8) {
        (self.last, self.ended) = (byte, false);
        self.add_link();
    }

    fn word(&mut self) {
        self.begin();
        let end = self.rest.iter().position(|byte| !is_word(*byte)).unwrap_or(self.rest.len());
        (self.word, self.rest) = self.rest.split_at(end);
        self.last = b'a';
        match self.word {
            b"if" | b"for" | b"while" | b"do" | b"with" => self.add(LEVEL),
            b"new" | b"await" | b"typeof" | b"void" | b"delete" | b"yield" => self.add_link(),
            _ => {}
        }
    }

    /// Something begins that no operator joins to what was before: if a line or a block has ended in
    /// between, so has a statement.
    fn begin(&mut self) {
        if std::mem::take(&mut self.ended) && !self.expects_operand() {
            self.reset();
        }
    }

    fn add_link(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.links += 1;
        }
        self.add(LINK);
    }

    fn add(&mut self, weight: u32) {
        if let Some(frame) = self.frames.last_mut() {
            frame.weight += weight;
            self.weight += weight;
            self.most = self.most.max(self.weight);
        }
    }

    /// A statement or an item ends: its operators do not nest with those of the next.
    fn reset(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            let weight = std::mem::take(&mut frame.links) * LINK;
            frame.weight -= weight;
            self.weight -= weight;
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(source: &str) -> u32 {
        let mut scan = Scan { rest: source.as_bytes(), ..Scan::default() };
        scan.frames.push(Frame::default());
        scan.run()
    }

    #[test]
    fn what_nests_is_too_deep() {
        for level in
            ["(", "[", "f(", "{", "if(a){b();", "f(()=>{", "`${", "if(a)", "if(a)return;b();"]
        {
            assert!(is_too_deep(&level.repeat(400)), "{level}");
        }
        for link in
            ["+f(1)", "||a", "?b:c", ".b", ".b(c)", "=>a", " await", "!", "\n  .b(c)\n", "\n&&\nb"]
        {
            assert!(is_too_deep(&format!("a{}", link.repeat(1100))), "{link}");
        }
    }

    #[test]
    fn what_only_goes_on_is_not() {
        for part in [
            "f(a + b);",
            "f(a + b)\n",
            "x = a.b()\n",
            "function f(a) { if (a) return b; return c }\n",
            "x = { a: [1], b: (2) }\n",
            "class A { b() { return this.c } }",
            "f('(((', \"[[[\", /[(/[]\\/(/, `{{{ ${a} (((`) // {{{\n",
            "x = a / b / (c) / 'd' /* ((( */;",
            "let a = 1\nlet b = `x`\n`y`;",
            "return /'/.test(a) ? /\\[/ : 1;",
        ] {
            assert!(weight(&part.repeat(2000)) < 150, "{part}: {}", weight(&part.repeat(2000)));
        }
        let list = format!("[{}]", "{ a: b + c, d: [1] },\n".repeat(10_000));
        assert!(weight(&list) < 100, "{}", weight(&list));
    }

    #[test]
    fn any_text_has_a_depth() {
        for text in [
            "",
            ")",
            "}}}]",
            "`",
            "`${",
            "'",
            "/",
            "/*",
            "//",
            "a/",
            "\\",
            "${}`",
            "\u{e9}\u{2028}",
        ] {
            assert!(weight(text) < 50, "{text}");
        }
    }
}
