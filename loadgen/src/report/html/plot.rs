//! A plot as SVG: axes with their units, a grid, and lines. The page's style sheet replaces the colours, so
//! that a plot is readable on light and on dark ground. Names of lines stand in the page and not in the SVG.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// The size of a plot, in the units of its view box.
pub(super) const SIZE: (u32, u32) = (860, 270);
/// The size of text. The drawing library writes about four fifths of it into the SVG.
const TEXT_SIZE: u32 = 17;
/// The colours of text, axes and grid. `report.css` names the same.
const INK: RGBColor = RGBColor(0x11, 0x11, 0x11);
const AXIS: RGBColor = RGBColor(0x88, 0x88, 0x88);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// The colours of the lines in their order. `report.css` names the same.
pub(super) const LINES: [RGBColor; 8] = [
    RGBColor(0x1f, 0x5f, 0xbf),
    RGBColor(0xb4, 0x53, 0x09),
    RGBColor(0xc4, 0x16, 0x1c),
    RGBColor(0x0a, 0x7a, 0x34),
    RGBColor(0x7a, 0x3d, 0xb8),
    RGBColor(0x0e, 0x74, 0x90),
    RGBColor(0xa2, 0x1c, 0x6b),
    RGBColor(0x5f, 0x63, 0x68),
];
/// The most lines of a plot, because each has a colour of its own.
pub(super) const LINES_MAX: usize = LINES.len();

/// How the values of an axis are placed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlotScale {
    /// Evenly, from 0 to a little above the highest value.
    Linear,
    /// Evenly, from 0 to the last value.
    Time,
    /// Each power of ten takes the same space.
    Logarithmic,
    /// Percentiles: 90, 99, 99.9 and so on take the same space.
    Percentiles,
}

impl PlotScale {
    /// The place of a value on the axis. A value that the axis does not have is at no finite place.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear | Self::Time => value,
            Self::Logarithmic => value.log10(),
            Self::Percentiles => -(1.0 - value / 100.0).log10(),
        }
    }

    /// The axis between whose ends all these places lie.
    fn axis(self, places: impl Iterator<Item = f64>) -> Range<f64> {
        let finite = places.filter(|place| place.is_finite());
        let (low, high) = finite
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| (low.min(place), high.max(place)));
        match self {
            Self::Linear => 0.0..if high > 0.0 { high * 1.05 } else { 1.0 },
            Self::Time => 0.0..if high > 0.0 { high } else { 1.0 },
            Self::Logarithmic if low > high => 0.0..1.0,
            Self::Logarithmic => low.floor()..high.ceil().max(low.floor() + 1.0),
            Self::Percentiles => 0.0..5.0,
        }
    }

    /// The label at a place.
    pub(super) fn label(self, place: f64) -> String {
        match self {
            Self::Linear | Self::Time => short(place),
            Self::Logarithmic => short(10_f64.powf(place)),
            Self::Percentiles if place < 0.5 => "p0".to_owned(),
            Self::Percentiles => format!("p{}", short(100.0 - 10_f64.powf(2.0 - place))),
        }
    }
}

/// A number of at most six digits, without zeros at its end.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

/// An axis of a plot.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlotAxis {
    /// The quantity with its unit.
    pub(super) label: &'static str,
    /// How its values are placed.
    pub(super) scale: PlotScale,
}

/// A line of a plot.
#[derive(Debug, Clone)]
pub(super) struct PlotLine {
    /// The name in the legend.
    pub(super) name: String,
    /// The width. A wide line stays visible under a narrow one that follows it.
    pub(super) width: u32,
    /// The points in the order of their x. A point without a value is a gap.
    pub(super) points: Vec<(f64, Option<f64>)>,
}

impl PlotLine {
    /// The stretches without a gap, as places on the axes.
    fn stretches(&self, x: PlotScale, y: PlotScale) -> Vec<Vec<(f64, f64)>> {
        let place = |(at, value): &(f64, Option<f64>)| {
            let place = (x.place(*at), y.place((*value)?));
            (place.0.is_finite() && place.1.is_finite()).then_some(place)
        };
        let places: Vec<Option<(f64, f64)>> = self.points.iter().map(place).collect();
        let stretches = places.split(Option::is_none).filter(|stretch| !stretch.is_empty());
        stretches.map(|stretch| stretch.iter().copied().flatten().collect()).collect()
    }
}

/// Draws lines, of which there are at most `LINES_MAX`, and returns the elements inside of the SVG.
/// **Errors**: the drawing library failed.
pub(super) fn draw(x: PlotAxis, y: PlotAxis, lines: &[PlotLine]) -> anyhow::Result<String> {
    let stretches: Vec<Vec<Vec<(f64, f64)>>> =
        lines.iter().map(|line| line.stretches(x.scale, y.scale)).collect();
    // A point without a value has its place on the axis, so that all plots of a run are as wide.
    let across = x.scale.axis(lines.iter().flat_map(|line| &line.points).map(|(at, _)| x.scale.place(*at)));
    let up = y.scale.axis(stretches.iter().flatten().flatten().map(|(_, place)| *place));
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(28)
        .x_label_area_size(50)
        .y_label_area_size(84)
        .build_cartesian_2d(across.clone(), up.clone())?;
    let text = ("sans-serif", TEXT_SIZE).into_font().color(&INK);
    chart
        .configure_mesh()
        .max_light_lines(0)
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .label_style(text.clone())
        .axis_desc_style(text.pos(Pos::new(HPos::Center, VPos::Center)))
        .x_desc(x.label)
        .y_desc(y.label)
        .x_labels(labels(x.scale, &across))
        .y_labels(labels(y.scale, &up))
        .x_label_formatter(&|place| x.scale.label(*place))
        .y_label_formatter(&|place| y.scale.label(*place))
        .draw()?;
    for ((stretches, line), colour) in stretches.iter().zip(lines).zip(LINES) {
        for stretch in stretches {
            if let [point] = stretch.as_slice() {
                chart.draw_series([Circle::new(*point, 2, colour.filled())])?;
            } else {
                chart
                    .draw_series(LineSeries::new(stretch.iter().copied(), colour.stroke_width(line.width)))?;
            }
        }
    }
    drop(chart);
    root.present()?;
    drop(root);
    let (_, inside) = svg.split_once('>').unwrap_or_default();
    Ok(inside.trim_end().trim_end_matches("</svg>").to_owned())
}

/// The number of labels at an axis, which is one for each power of ten if it is logarithmic.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an axis has at most 14 powers")]
fn labels(scale: PlotScale, axis: &Range<f64>) -> usize {
    match scale {
        PlotScale::Linear => 6,
        PlotScale::Time => 11,
        PlotScale::Logarithmic | PlotScale::Percentiles => (axis.end - axis.start) as usize + 1,
    }
}
