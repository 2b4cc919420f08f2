//! A flowchart in layers: along the direction of its arrows, which is called *along*, and side by side, *across*.
//!
//! 1. [`rank`]: which layer each node is in; links against the stream are turned round; long links and those with
//!    labels get a bend in every layer between
//! 2. [`order`]: who stands beside whom, so that links cross seldom and groups stay together
//! 3. [`place`]: how far across and how far along everything stands, groups with room around them
//! 4. [`mod@draw`]: shapes and curves

mod draw;
mod order;
mod place;
mod rank;

use super::Undrawable;
use super::flowchart::{Direction, Flowchart, Shape};
use super::letters::Label;
use super::svg::Drawing;

pub(super) use draw::draw;

/// A link that is long passes layers; so many passages a diagram may have.
const MOST_BENDS: usize = 1500;

/// What takes room in a layer.
#[derive(Clone, Debug, Default)]
struct Item {
    layer: usize,
    group: Option<usize>,
    across: f64,
    along: f64,
    /// The flowchart's node; `None` for a bend in a link.
    node: Option<usize>,
    /// The middle, when it is placed.
    at: f64,
    order: f64,
}

/// A link through the layers: `path` are items from an earlier layer to a later one.
#[derive(Clone, Debug)]
struct Chain {
    link: usize,
    path: Vec<usize>,
    turned: bool,
    /// The item that holds the label.
    labelled: Option<usize>,
}

/// A flowchart on its way to a drawing.
struct Plan<'a> {
    chart: &'a Flowchart,
    items: Vec<Item>,
    chains: Vec<Chain>,
    /// Links from a node to itself.
    loops: Vec<usize>,
    layers: Vec<Vec<usize>>,
    /// Where each layer's middle is along.
    middles: Vec<f64>,
    /// Across and along: from, to.
    groups: Vec<Frame>,
}

/// The room of a group.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    across: (f64, f64),
    along: (f64, f64),
}

impl Plan<'_> {
    /// Whether layers follow each other from top to bottom or back.
    fn upright(&self) -> bool {
        matches!(self.chart.direction, Direction::Down | Direction::Up)
    }

    /// The groups around an item, the innermost first.
    fn groups_of(&self, group: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(group, |group| self.chart.groups.get(*group)?.parent)
    }
}

/// How large a node is: width and height.
fn size(label: &Label, shape: Shape) -> (f64, f64) {
    let (width, height) = (label.width(), label.height().max(super::letters::LINE));
    match shape {
        Shape::Diamond => {
            let half = f64::midpoint(width, height) + 12.0;
            (half * 1.5 + 16.0, (half * 1.1).max(56.0))
        }
        Shape::Circle | Shape::DoubleCircle => {
            let side = (width.hypot(height) + 16.0).max(40.0);
            (side, side)
        }
        Shape::Hexagon | Shape::Stadium | Shape::Flag => (width + 48.0, height + 22.0),
        Shape::LeanLeft | Shape::LeanRight | Shape::Trapezoid | Shape::InvertedTrapezoid => {
            (width + 56.0, height + 22.0)
        }
        Shape::Cylinder => (width + 32.0, height + 38.0),
        Shape::Subroutine => (width + 44.0, height + 22.0),
        Shape::Rectangle | Shape::Round => ((width + 30.0).max(44.0), height + 22.0),
    }
}
