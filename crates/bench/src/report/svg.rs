//! Bars, a group for each row, each as long as its share of the largest of its group.

use std::fmt::Write as _;

use super::Report;

const LEFT: u128 = 330;
const BAR: u128 = 330;
const LINE: u128 = 18;
const TOP: u128 = 46;

/// The report as an SVG of its own; colours that differ in lightness, so that they are told apart without colour too.
pub(super) fn picture(report: &Report) -> String {
    let lines: u128 = report.rows.iter().map(|row| row.cells.len() as u128 * LINE + 10).sum();
    let (width, height) = (LEFT + BAR + 240, TOP + lines + 8);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <style>.bar0{{fill:#1b4f72}}.bar1{{fill:#5dade2}}.bar2{{fill:#9a7d0a}}.bar3{{fill:#f4d03f}}.bar4{{fill:#616a6b}}.bar5{{fill:#bfc9ca}}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\">sluice bench {}</text>\n",
        report.name
    );
    let mut y = TOP;
    for row in &report.rows {
        let most = row.cells.iter().flatten().copied().max().unwrap_or(0).max(1);
        let name = escaped(&row.what);
        let _infallible = writeln!(svg, "<text x=\"10\" y=\"{}\">{name}</text>", y + 13);
        for (place, (cell, column)) in row.cells.iter().zip(&report.columns).enumerate() {
            if let Some(value) = cell {
                let long = (value * BAR / most).max(1);
                let text = format!("{} · {}", row.unit.text(*value), escaped(column));
                let _infallible = writeln!(
                    svg,
                    "<rect class=\"bar{}\" x=\"{LEFT}\" y=\"{y}\" width=\"{long}\" height=\"14\"/>\
                     <text x=\"{}\" y=\"{}\">{text}</text>",
                    place % 6,
                    LEFT + long + 6,
                    y + 12,
                );
            }
            y += LINE;
        }
        y += 10;
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('`', "")
}
