//! JavaScript, with oxc: compressed, with short names, without white space. Legal comments stay.

mod nesting;

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions, LegalComment};
use oxc_diagnostics::OxcDiagnostic;
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;

/// What a text is read as. The names that a script declares outside of functions are visible to other
/// scripts, and stay; a module's own names are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A module if it imports or exports, else a script.
    Either,
    /// A module.
    Module,
    /// A script.
    Script,
    /// A module of the older kind.
    CommonJs,
}

/// Minifies a program.
pub(super) fn minify(source: &str, goal: Goal) -> Result<String, String> {
    if nesting::is_too_deep(source) {
        return Err("it nests too deep for the stack of the sandbox".to_owned());
    }
    let source_type = match goal {
        Goal::Either => SourceType::unambiguous(),
        Goal::Module => SourceType::mjs(),
        Goal::Script => SourceType::script(),
        Goal::CommonJs => SourceType::cjs(),
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, source_type).parse();
    if let Some(error) = parsed.diagnostics.errors().next() {
        return Err(describe(error, source));
    }
    let mut program = parsed.program;
    // The parser leaves the rules that need more than one place, such as names declared twice.
    let checked = SemanticBuilder::new().with_check_syntax_error(true).build(&program);
    if let Some(error) = checked.diagnostics.errors().next() {
        return Err(describe(error, source));
    }
    let minified = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
    let comments = CommentOptions { legal: LegalComment::Inline, ..CommentOptions::disabled() };
    let text = Codegen::new()
        .with_options(CodegenOptions { comments, ..CodegenOptions::minify() })
        .with_scoping(minified.scoping)
        .with_private_member_mappings(minified.class_private_mappings)
        .build(&program)
        .code;
    let reparsed = Parser::new(&allocator, &text, source_type).parse();
    if reparsed.diagnostics.has_errors() {
        return Err("the minified program would not parse".to_owned());
    }
    Ok(text)
}

fn describe(error: &OxcDiagnostic, source: &str) -> String {
    let offset = error.labels.first().map(|label| label.offset());
    match offset.and_then(|offset| source.get(..offset as usize)) {
        Some(before) => format!("{} at line {}", error.message, before.lines().count().max(1)),
        None => error.message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn min(source: &str, goal: Goal) -> String {
        minify(source, goal).expect("it is JavaScript")
    }

    #[test]
    fn a_script_keeps_the_names_that_others_see() {
        let source = "'use strict';\n// a comment\nfunction greet(person) {\n  const text = 'Hello ' \
                      + person;\n  return text + text;\n}\nvar unused = 1;\n";
        for goal in [Goal::Either, Goal::Script] {
            let text = min(source, goal);
            assert!(text.starts_with("\"use strict\";function greet("), "{text}");
            assert!(text.contains("var unused=1"), "{text}");
            assert!(!text.contains("person") && !text.contains("comment"), "{text}");
        }
    }

    #[test]
    fn a_module_keeps_what_it_exports() {
        let source = "import { a as b } from './b.js';\nconst helper = (value) => b(value) + b(2);\n\
                      export function main(longName) { return helper(longName) + helper(1) }\n";
        let text = min(source, Goal::Either);
        assert!(text.contains("main") && text.contains("./b.js"), "{text}");
        assert!(!text.contains("helper") && !text.contains("longName"), "{text}");
    }

    #[test]
    fn what_must_stay_stays() {
        let text =
            min("#!/usr/bin/env node\n/*! licence */\nfoo(`a  ${b}  c`, /x y/g);", Goal::Script);
        assert!(text.starts_with("#!/usr/bin/env node\n"), "{text}");
        assert!(text.contains("/*! licence */"), "{text}");
        assert!(text.contains("`a  ${b}  c`") && text.contains("/x y/g"), "{text}");
        let text = min("exports.a = function () { return require('x') };", Goal::CommonJs);
        assert!(text.contains("exports.a=") && text.contains("require("), "{text}");
        let text =
            min("class A { #secret = 1; get() { return this.#secret } } use(A)", Goal::Module);
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn a_script_element_cannot_be_closed_by_a_string() {
        assert!(!min("x = '</scr' + 'ipt>'", Goal::Script).contains("</script"));
    }

    #[test]
    fn what_does_not_parse_is_refused_with_its_line() {
        let reason = minify("let a = 1;\nlet = = 2;\n", Goal::Either).expect_err("it is wrong");
        assert!(reason.ends_with("at line 2"), "{reason}");
        for wrong in ["import a from 'a'", "let a; let a", "return 1", "break", "await x"] {
            assert!(minify(wrong, Goal::Script).is_err(), "{wrong}");
        }
    }
}
