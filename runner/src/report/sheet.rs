//! What a person reads before a decision, and the pages of it.
//!
//! Who asks stands first on each page, and what a yes means stands last, in the runner's own words. Between
//! them every row with somebody else's text begins with two spaces, and none of the runner's does. What does
//! not fit the terminal is shown page by page, so a yes can only follow after all of it.

use super::rows::{CONTINUED, MIN_COLUMNS, broken};
use crate::text::{plain, plain_within};

/// What a row with somebody else's text begins with.
const ITEM: &str = "  ";

/// The pages that there can be without another digit in their numbers.
const MOST_PAGES: usize = 99_999;

/// What is read before a decision.
pub(super) struct Sheet {
    title: String,
    lines: Vec<Line>,
}

enum Line {
    /// The runner's words.
    Own(String),
    /// Somebody else's, made plain.
    Item(String),
}

impl Sheet {
    /// With who asks for what, in the runner's words.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), lines: Vec::new() }
    }

    /// Adds a line of the runner's.
    pub(super) fn own(&mut self, line: impl Into<String>) {
        self.lines.push(Line::Own(line.into()));
    }

    /// Adds somebody else's text, whole.
    pub(super) fn item(&mut self, text: &str) {
        self.lines.push(Line::Item(plain(text)));
    }

    /// Adds somebody else's text, which a yes does not depend on, within so many columns.
    pub(super) fn short_item(&mut self, text: &str, limit: usize) {
        self.lines.push(Line::Item(plain_within(text, limit)));
    }

    /// All of it, a line each.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| match line {
            Line::Own(line) => format!("{line}\n"),
            Line::Item(text) => format!("{ITEM}{text}\n"),
        });
        std::iter::once(format!("{}\n", self.title)).chain(lines).collect()
    }

    /// The pages for a terminal of so many columns and rows, of which `last` ends the last one and `more` the others.
    /// None where there is no room for them.
    pub(super) fn pages(
        &self,
        (columns, rows): (usize, usize),
        last: &str,
        more: &str,
    ) -> Option<Vec<String>> {
        if columns < MIN_COLUMNS {
            return None;
        }
        let own = |text: &str| -> Vec<String> {
            let mut rows: Vec<_> =
                text.lines().flat_map(|line| broken(line.trim_end(), columns, "")).collect();
            // Where an answer is typed, a space is in front of it.
            if let Some(row) = rows.last_mut().filter(|_| text.ends_with(' ')) {
                row.push(' ');
            }
            rows
        };
        let last = own(last);
        let title = own(&self.title);
        let body = self.body(columns);
        // What is typed may take a row of its own.
        let rows = rows.checked_sub(1)?;
        if title.len() + body.len() + last.len() <= rows {
            let body = body.into_iter().map(|row| row.text);
            let page: Vec<_> = title.into_iter().chain(body).chain(last).collect();
            return Some(vec![page.join("\n")]);
        }
        let header = |number, count| own(&format!("{} (page {number} of {count})", self.title));
        let widest = header(MOST_PAGES, MOST_PAGES).len();
        let more = own(more);
        // The longest heading is repeated where its part goes on.
        let headings = (0..self.lines.len()).map(|index| self.heading(Some(index), columns).len());
        let headings = headings.max().unwrap_or(0);
        let room = |end: usize| rows.checked_sub(widest + headings + end).filter(|room| *room > 0);
        let (room_before, room_at_last) = (room(more.len())?, room(last.len())?);
        let mut parts: Vec<&[Row]> = Vec::new();
        let mut rest = body.as_slice();
        while rest.len() > room_at_last {
            let (part, after) = rest.split_at(room_before.min(rest.len() - 1));
            parts.push(part);
            rest = after;
        }
        parts.push(rest);
        let count = parts.len();
        let page = |(index, part): (usize, &[Row])| {
            let mut page = header(index + 1, count);
            page.extend(self.heading(part.first().and_then(|row| row.heading), columns));
            page.extend(part.iter().map(|row| row.text.clone()));
            page.extend(if index + 1 == count { last.clone() } else { more.clone() });
            page.join("\n")
        };
        (count <= MOST_PAGES).then(|| parts.into_iter().enumerate().map(page).collect())
    }

    fn body(&self, columns: usize) -> Vec<Row> {
        let mut heading = None;
        let mut body = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            match line {
                Line::Own(line) => {
                    heading = Some(index);
                    let rows = broken(line, columns, "");
                    body.extend(rows.into_iter().map(|text| Row { text, heading: None }));
                }
                Line::Item(text) => {
                    let rows = broken(&format!("{ITEM}{text}"), columns, CONTINUED);
                    body.extend(rows.into_iter().map(|text| Row { text, heading }));
                }
            }
        }
        body
    }

    /// The line of the runner's under which a row stands, for where a page begins with it.
    fn heading(&self, index: Option<usize>, columns: usize) -> Vec<String> {
        match index.map(|index| &self.lines[index]) {
            Some(Line::Own(line)) => broken(&format!("(continued) {line}"), columns, ""),
            _ => Vec::new(),
        }
    }
}

struct Row {
    text: String,
    /// Which line of the runner's it stands under; none for such a line itself.
    heading: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(items: usize) -> Sheet {
        let mut sheet = Sheet::new("`evil` asks.");
        sheet.own("With a yes it may:");
        (0..items).for_each(|number| sheet.item(&format!("read {number} {}", "x ".repeat(60))));
        sheet
    }

    #[test]
    fn what_fits_is_one_page() {
        let pages =
            sheet(1).pages((200, 10), "Foot.\nAllow it? ", "more: ").expect("there is room");
        assert_eq!(pages.len(), 1);
        assert!(
            pages[0].starts_with("`evil` asks.\nWith a yes it may:\n  read 0 x x"),
            "{pages:?}"
        );
        assert!(pages[0].ends_with("\nFoot.\nAllow it? "), "{pages:?}");
    }

    #[test]
    fn every_row_is_on_one_page_between_the_runners_words() {
        for size in [(20, 12), (20, 24), (80, 8), (80, 24), (200, 24), (1000, 7)] {
            for items in [0, 1, 2, 7, 64] {
                let sheet = sheet(items);
                let pages =
                    sheet.pages(size, "Foot.\nAllow it? ", "more: ").expect("there is room");
                for (index, page) in pages.iter().enumerate() {
                    assert!(page.lines().count() < size.1, "{size:?}: {page}");
                    assert!(page.starts_with("`evil` asks."), "{page}");
                    let is_last = index + 1 == pages.len();
                    assert!(
                        page.ends_with(if is_last { "Allow it? " } else { "more: " }),
                        "{page}"
                    );
                }
                let body: usize = pages
                    .iter()
                    .map(|page| page.lines().filter(|row| row.starts_with("  ")).count())
                    .sum();
                let all = sheet.body(size.0).iter().filter(|row| row.heading.is_some()).count();
                assert_eq!(body, all, "{size:?}, {items}");
            }
        }
    }

    #[test]
    fn there_may_be_no_room() {
        assert!(sheet(64).pages((20, 6), "Foot.\nAllow it? ", "more: ").is_none());
        assert!(sheet(1).pages((1, 1), "Foot.\nAllow it? ", "more: ").is_none());
        assert!(sheet(1).pages((1, 0), "Foot.\nAllow it? ", "more: ").is_none());
    }
}
