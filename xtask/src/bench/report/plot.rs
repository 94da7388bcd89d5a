//! Plots of how time and memory grow, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::bench::scenario::{Point, Series};

const SIZE: (u32, u32) = (960, 360);
const FONT: &str = "sans-serif";

/// What of a point is drawn.
struct Panel {
    caption: &'static str,
    value: fn(&Point) -> Option<f64>,
}

const PANELS: [Panel; 2] = [
    Panel { caption: "milliseconds", value: |point| Some(point.seconds * 1e3) },
    Panel {
        caption: "MiB of memory",
        value: |point| Some(point.memory?.together as f64 / f64::from(1 << 20)),
    },
];

/// Draws the series: time at the left, memory at the right, both from zero.
pub(super) fn draw(path: &Path, of: &str, series: &[&Series]) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", path.display());
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    for (part, panel) in area.split_evenly((1, PANELS.len())).iter().zip(&PANELS) {
        draw_panel(part, of, series, panel).map_err(|error| failed(&error))?;
    }
    area.present().map_err(|error| failed(&error))
}

fn draw_panel<'a>(
    area: &DrawingArea<SVGBackend<'a>, Shift>,
    of: &str,
    series: &[&Series],
    panel: &Panel,
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    let line = |series: &Series| -> Vec<(f64, f64)> {
        let points = series.points.iter();
        points.filter_map(|point| Some((point.size as f64, (panel.value)(point)?))).collect()
    };
    let all: Vec<(f64, f64)> = series.iter().flat_map(|series| line(series)).collect();
    let most = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).fold(0.0, f64::max).max(1e-3);
    // The names stand above the lines.
    let (width, height) = (most(|point| point.0) * 1.05, most(|point| point.1) * 1.35);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .caption(panel.caption, (FONT, 16))
        .build_cartesian_2d(0.0..width, 0.0..height)?;
    chart
        .configure_mesh()
        .x_desc(of)
        .x_labels(5)
        .y_labels(6)
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 12))
        .draw()?;
    for (number, series) in series.iter().enumerate() {
        let color = Palette99::pick(number).to_rgba();
        let points = line(series);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), &color).point_size(3))?
            .label(series.name.replace('`', ""))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 12))
        .draw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::memory::Memory;

    fn series(name: &str, points: &[(usize, f64)]) -> Series {
        let memory = Memory { together: 5 << 20, largest: 4 << 20 };
        let point = |&(size, seconds): &(usize, f64)| Point { size, seconds, memory: Some(memory) };
        Series { of: "files", name: name.to_owned(), points: points.iter().map(point).collect() }
    }

    #[test]
    fn a_plot_names_what_it_shows() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("files.svg");
        let one = series("`clean`", &[(1, 0.02), (50_000, 1.1), (100_000, 2.2)]);
        let other = series("`walk`", &[(1, 0.01), (50_000, 0.3), (100_000, 0.6)]);
        draw(&path, "files", &[&one, &other]).expect("it can be drawn");
        let drawn = std::fs::read_to_string(&path).expect("it was drawn");
        for text in ["<svg", "milliseconds", "MiB of memory", "clean", "walk", "files"] {
            assert!(drawn.contains(text), "{text} is missing");
        }
    }

    #[test]
    fn a_plot_without_memory_is_one_all_the_same() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut one = series("clean", &[(1, 0.02), (2, 0.03)]);
        one.points.iter_mut().for_each(|point| point.memory = None);
        draw(&directory.path().join("files.svg"), "files", &[&one]).expect("it can be drawn");
    }
}
