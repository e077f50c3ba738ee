//! Aligned columns, also for texts of double width.

use super::fail::Fail;
use super::screen::{Screen, Style, clean};

/// Between two columns.
const GAP: &str = "  ";

/// One entry of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    /// A text, perhaps from outside.
    pub(super) fn new(text: impl AsRef<str>) -> Self {
        Self { text: clean(text.as_ref()), style: Style::Plain, right: false }
    }

    /// A text in a style.
    pub(super) fn styled(style: Style, text: impl AsRef<str>) -> Self {
        Self { style, ..Self::new(text) }
    }

    /// A number: on the right of its column.
    pub(super) fn number(text: impl ToString) -> Self {
        Self { right: true, ..Self::new(text.to_string()) }
    }
}

/// Rows under a heading. Widths are kept between pages, so that a long list stays in line as far as can be known.
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
    widths: Vec<usize>,
    headed: bool,
}

impl Table {
    /// An empty table.
    pub(super) fn of(head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
            widths: head.iter().map(|name| width(name)).collect(),
            headed: false,
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: Vec<Cell>) {
        for (widest, cell) in self.widths.iter_mut().zip(&row) {
            *widest = (*widest).max(width(&cell.text));
        }
        self.rows.push(row);
    }

    /// How many rows wait to be printed.
    pub(super) fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// Prints the waiting rows, with the heading the first time.
    ///
    /// # Errors
    /// As [`Screen::line`].
    pub(super) fn print(&mut self, screen: &Screen) -> Result<(), Fail> {
        if !self.headed && !self.rows.is_empty() {
            self.headed = true;
            let numbers: Vec<bool> = self.rows[0].iter().map(|cell| cell.right).collect();
            let head = self
                .head
                .iter()
                .zip(numbers.iter().chain(std::iter::repeat(&false)))
                .map(|(name, &right)| Cell { text: name.clone(), style: Style::Dim, right });
            let head: Vec<Cell> = head.collect();
            screen.line(&self.laid_out(screen, &head))?;
        }
        for row in std::mem::take(&mut self.rows) {
            screen.line(&self.laid_out(screen, &row))?;
        }
        Ok(())
    }

    fn laid_out(&self, screen: &Screen, row: &[Cell]) -> String {
        let mut line = String::new();
        for (at, (cell, &column)) in row.iter().zip(&self.widths).enumerate() {
            let pad = " ".repeat(column.saturating_sub(width(&cell.text)));
            let text = screen.paint(cell.style, &cell.text);
            let last = at + 1 == row.len();
            match (cell.right, last) {
                (true, _) => line.extend([pad.as_str(), &text]),
                (false, true) => line.push_str(&text),
                (false, false) => line.extend([text.as_str(), &pad]),
            }
            if !last {
                line.push_str(GAP);
            }
        }
        line
    }
}

/// Prints names and values, the values in one column.
///
/// # Errors
/// As [`Screen::line`].
pub(super) fn fields(screen: &Screen, fields: &[(&str, Cell)]) -> Result<(), Fail> {
    let widest = fields.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    for (name, value) in fields {
        let pad = " ".repeat(widest - width(name));
        let name = screen.paint(Style::Dim, name);
        screen.line(&format!("{name}{pad}{GAP}{}", screen.paint(value.style, &value.text)))?;
    }
    Ok(())
}

/// How many columns a terminal takes for a text. Hangul, Han, kana and full-width forms take two; that is all our two
/// languages need.
pub(super) fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(c,
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{33ff}' | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97c}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}' | '\u{ff01}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}')
    };
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::Paper;
    use super::*;

    #[test]
    fn columns_stay_in_line_also_in_korean() {
        let paper = Paper::new(false);
        let mut table = Table::of(&["상태", "amount", "id"]);
        table.row(vec![Cell::new("대기열"), Cell::number("1.5"), Cell::new("wd_1")]);
        table.row(vec![Cell::new("ok"), Cell::number("100"), Cell::new("wd_22")]);
        table.print(&paper.screen).unwrap();
        table.row(vec![Cell::new("완료"), Cell::number("2"), Cell::new("wd_3")]);
        table.print(&paper.screen).unwrap();
        let expected =
            ["상태    amount  id", "대기열     1.5  wd_1", "ok         100  wd_22", "완료         2  wd_3"];
        assert_eq!(paper.out().lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_empty_table_prints_no_heading() {
        let paper = Paper::new(false);
        Table::of(&["a"]).print(&paper.screen).unwrap();
        assert_eq!(paper.out(), "");
    }

    #[test]
    fn values_stand_in_one_column() {
        let paper = Paper::new(false);
        fields(&paper.screen, &[("금액", Cell::new("1")), ("id", Cell::new("x\ty"))]).unwrap();
        assert_eq!(paper.out(), "금액  1\nid    x\u{fffd}y\n");
    }
}
