//! Shapes and curves.

use std::fmt::Write as _;

use super::super::flowchart::{Direction, Flowchart, Head, Line, Link, Shape};
use super::super::letters::Label;
use super::order::count;
use super::{Chain, Drawing, Plan, Undrawable, order, place, rank, size};

const MARGIN: f64 = 12.0;
const ARROW: f64 = 9.0;
/// So many links are told to those who cannot see the drawing.
const MOST_TOLD: usize = 40;

/// Draws a flowchart.
pub(in crate::guides::diagram) fn draw(chart: &Flowchart) -> Result<Drawing, Undrawable> {
    let mut plan = rank::rank(chart)?;
    order::order(&mut plan);
    place::place(&mut plan);
    let canvas = Canvas::around(&plan);
    let (width, height) = canvas.size();
    let mut drawing = Drawing::new(width, height, "Flowchart", &chart.about, told(chart));
    for frame in &plan.groups {
        let (a, b) = (canvas.at(frame.across.0, frame.along.0), canvas.at(frame.across.1, frame.along.1));
        let corner = (a.0.min(b.0), a.1.min(b.1));
        let room = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
        if room.0 > 1.0 && room.1 > 1.0 {
            drawing.rectangle("d-group", corner, room, 4.0);
        }
    }
    let ports = Ports::of(&plan);
    for chain in &plan.chains {
        link(&mut drawing, &plan, &canvas, chain, &ports);
    }
    for item in &plan.items {
        if let Some(node) = item.node.and_then(|node| chart.nodes.get(node)) {
            let along = plan.middles.get(item.layer).copied().unwrap_or_default();
            shape(&mut drawing, node.shape, &node.label, canvas.at(item.at, along));
        }
    }
    for index in &plan.loops {
        own_loop(&mut drawing, &plan, &canvas, *index);
    }
    for chain in &plan.chains {
        let Some(item) = chain.labelled.and_then(|index| plan.items.get(index)) else { continue };
        let Some(link) = chart.links.get(chain.link) else { continue };
        let along = plan.middles.get(item.layer).copied().unwrap_or_default();
        let (x, y) = canvas.at(item.at, along);
        let (width, height) = (link.label.width() + 8.0, link.label.height() + 2.0);
        drawing.rectangle("d-label-paper", (x - width / 2.0, y - height / 2.0), (width, height), 2.0);
        drawing.label("d-label", &link.label, (x, y));
    }
    for (group, frame) in chart.groups.iter().zip(&plan.groups) {
        let (a, b) = (canvas.at(frame.across.0, frame.along.0), canvas.at(frame.across.1, frame.along.1));
        let middle = a.1.min(b.1) + 7.0 + group.label.height() / 2.0;
        if (a.0 - b.0).abs() > 1.0 && !group.label.is_empty() {
            let left = a.0.min(b.0) + 10.0;
            let paper = (group.label.width() + 6.0, group.label.height());
            drawing.rectangle("d-label-paper", (left - 3.0, middle - paper.1 / 2.0), paper, 2.0);
            drawing.label_from("d-group-label", &group.label, (left, middle));
        }
    }
    Ok(drawing)
}

/// The drawing in words.
fn told(chart: &Flowchart) -> String {
    let mut out = String::new();
    let name = |node: usize| chart.nodes.get(node).map(|node| node.label.spoken()).unwrap_or_default();
    for link in chart.links.iter().filter(|link| link.line != Line::Invisible).take(MOST_TOLD) {
        let joins = if link.end == Head::None { "is joined to" } else { "leads to" };
        let label = if link.label.is_empty() { String::new() } else { format!(" ({})", link.label.spoken()) };
        let _ = write!(out, "{} {joins} {}{label}. ", name(link.from), name(link.to));
    }
    if chart.links.is_empty() {
        let names: Vec<String> = (0..chart.nodes.len().min(MOST_TOLD)).map(name).collect();
        let _ = write!(out, "{}.", names.join(", "));
    } else if chart.links.len() > MOST_TOLD {
        let _ = write!(out, "And {} more.", chart.links.len() - MOST_TOLD);
    }
    out.trim().to_owned()
}

/// From across and along to x and y.
struct Canvas {
    direction: Direction,
    across: (f64, f64),
    along: (f64, f64),
}

impl Canvas {
    fn around(plan: &Plan<'_>) -> Self {
        let (mut across, mut along) =
            ((f64::INFINITY, f64::NEG_INFINITY), (f64::INFINITY, f64::NEG_INFINITY));
        let mut take = |a: (f64, f64), b: (f64, f64)| {
            across = (across.0.min(a.0), across.1.max(a.1));
            along = (along.0.min(b.0), along.1.max(b.1));
        };
        for item in &plan.items {
            let middle = plan.middles.get(item.layer).copied().unwrap_or_default();
            let own_loop = plan
                .loops
                .iter()
                .any(|index| plan.chart.links.get(*index).is_some_and(|link| Some(link.from) == item.node));
            let further = if own_loop { 60.0 } else { 0.0 };
            take(
                (item.at - item.across / 2.0, item.at + item.across / 2.0 + further),
                (middle - item.along / 2.0, middle + item.along / 2.0 + further),
            );
        }
        for frame in &plan.groups {
            if frame.along.1 > frame.along.0 {
                take(frame.across, frame.along);
            }
        }
        Self { direction: plan.chart.direction, across, along }
    }

    fn size(&self) -> (f64, f64) {
        let across = (self.across.1 - self.across.0).max(1.0) + 2.0 * MARGIN;
        let along = (self.along.1 - self.along.0).max(1.0) + 2.0 * MARGIN;
        match self.direction {
            Direction::Down | Direction::Up => (across, along),
            Direction::Right | Direction::Left => (along, across),
        }
    }

    fn at(&self, across: f64, along: f64) -> (f64, f64) {
        let across = across - self.across.0 + MARGIN;
        let forth = along - self.along.0 + MARGIN;
        let back = self.along.1 - along + MARGIN;
        match self.direction {
            Direction::Down => (across, forth),
            Direction::Up => (across, back),
            Direction::Right => (forth, across),
            Direction::Left => (back, across),
        }
    }
}

/// Where links leave and reach their nodes, so that several do not share a point: for each chain, the two offsets.
struct Ports(Vec<(f64, f64)>);

impl Ports {
    fn of(plan: &Plan<'_>) -> Self {
        let mut ports = vec![(0.0, 0.0); plan.chains.len()];
        for node in 0..plan.chart.nodes.len() {
            for leaving in [true, false] {
                let mut ends: Vec<(f64, usize)> = Vec::new();
                for (index, chain) in plan.chains.iter().enumerate() {
                    let (own, next) = if leaving {
                        (chain.path.first(), chain.path.get(1))
                    } else {
                        (chain.path.last(), chain.path.iter().rev().nth(1))
                    };
                    if own == Some(&node)
                        && let Some(next) = next.and_then(|next| plan.items.get(*next))
                    {
                        ends.push((next.at, index));
                    }
                }
                ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let room = plan.items.get(node).map_or(0.0, |item| item.across * 0.6);
                let apart = (room / count(ends.len().max(1))).min(22.0);
                let first = -apart * (count(ends.len()) - 1.0) / 2.0;
                for (place, (_, index)) in ends.iter().enumerate() {
                    if let Some(port) = ports.get_mut(*index) {
                        let offset = first + apart * count(place);
                        *(if leaving { &mut port.0 } else { &mut port.1 }) = offset;
                    }
                }
            }
        }
        Self(ports)
    }
}

/// How far from a node's middle its edge is, along, at `offset` across.
fn reach(plan: &Plan<'_>, item: usize, offset: f64) -> f64 {
    let Some(item) = plan.items.get(item) else { return 0.0 };
    let (half_across, half_along) = (item.across / 2.0, item.along / 2.0);
    let part = if half_across > 0.0 { (offset.abs() / half_across).min(1.0) } else { 0.0 };
    match item.node.and_then(|node| plan.chart.nodes.get(node)).map(|node| node.shape) {
        Some(Shape::Diamond) => half_along * (1.0 - part),
        Some(Shape::Circle | Shape::DoubleCircle) => half_along * (1.0 - part * part).sqrt(),
        _ => half_along,
    }
}

fn link(drawing: &mut Drawing, plan: &Plan<'_>, canvas: &Canvas, chain: &Chain, ports: &Ports) {
    let Some(link) = plan.chart.links.get(chain.link).filter(|link| link.line != Line::Invisible) else {
        return;
    };
    let index = plan.chains.iter().position(|other| std::ptr::eq(other, chain)).unwrap_or_default();
    let (leaves, arrives) = ports.0.get(index).copied().unwrap_or_default();
    let (head_first, head_last) = if chain.turned { (link.end, link.start) } else { (link.start, link.end) };
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (place, item_index) in chain.path.iter().enumerate() {
        let Some(item) = plan.items.get(*item_index) else { continue };
        let middle = plan.middles.get(item.layer).copied().unwrap_or_default();
        if place == 0 {
            points.push((item.at + leaves, middle + reach(plan, *item_index, leaves)));
        } else if place + 1 == chain.path.len() {
            points.push((item.at + arrives, middle - reach(plan, *item_index, arrives)));
        } else {
            let half = layer_half(plan, item.layer);
            points.extend([(item.at, middle - half), (item.at, middle + half)]);
        }
    }
    let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else { return };
    if let Some(point) = points.first_mut() {
        point.1 += room(head_first);
    }
    if let Some(point) = points.last_mut() {
        point.1 -= room(head_last);
    }
    let mut path = String::new();
    for (place, point) in points.iter().enumerate() {
        let (x, y) = canvas.at(point.0, point.1);
        match place.checked_sub(1).and_then(|before| points.get(before)) {
            None => {
                let _ = write!(path, "M{x:.1},{y:.1}");
            }
            Some(before) => {
                let half = f64::midpoint(before.1, point.1);
                let ((ax, ay), (bx, by)) = (canvas.at(before.0, half), canvas.at(point.0, half));
                let _ = write!(path, " C{ax:.1},{ay:.1} {bx:.1},{by:.1} {x:.1},{y:.1}");
            }
        }
    }
    drawing.path(line_class(link), &path);
    head(drawing, head_first, canvas, first, -1.0);
    head(drawing, head_last, canvas, last, 1.0);
}

fn line_class(link: &Link) -> &'static str {
    match link.line {
        Line::Solid | Line::Invisible => "d-line",
        Line::Dotted => "d-line d-dotted",
        Line::Thick => "d-line d-thick",
    }
}

fn layer_half(plan: &Plan<'_>, layer: usize) -> f64 {
    let items = plan.layers.get(layer).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|index| Some(plan.items.get(*index)?.along)).fold(0.0, f64::max) / 2.0
}

/// How much of a line its head takes.
fn room(head: Head) -> f64 {
    match head {
        Head::None => 0.0,
        Head::Arrow | Head::Circle => ARROW - 1.0,
        Head::Cross => ARROW / 2.0,
    }
}

/// A head whose tip is at `point`, pointing along (`sign` 1) or back (-1).
fn head(drawing: &mut Drawing, head: Head, canvas: &Canvas, point: (f64, f64), sign: f64) {
    let (across, along) = point;
    let back = along - sign * ARROW;
    match head {
        Head::None => {}
        Head::Arrow => {
            let points =
                [canvas.at(across, along), canvas.at(across - 4.5, back), canvas.at(across + 4.5, back)];
            drawing.polygon("d-head", &points, "currentColor");
        }
        Head::Circle => drawing.circle("d-head-open", canvas.at(across, along - sign * 4.5), 4.0),
        Head::Cross => {
            let corners = [(-4.0, 1.0), (4.0, 8.0), (4.0, 1.0), (-4.0, 8.0)];
            let mut path = String::new();
            for (place, (aside, behind)) in corners.into_iter().enumerate() {
                let (x, y) = canvas.at(across + aside, along - sign * behind);
                let _ = write!(path, "{}{x:.1},{y:.1} ", if place % 2 == 0 { "M" } else { "L" });
            }
            drawing.path("d-line", path.trim_end());
        }
    }
}

/// A link from a node to itself, at its right side.
fn own_loop(drawing: &mut Drawing, plan: &Plan<'_>, canvas: &Canvas, index: usize) {
    let Some(link) = plan.chart.links.get(index) else { return };
    let Some((item, node)) = plan.items.get(link.from).zip(plan.chart.nodes.get(link.from)) else { return };
    let along = plan.middles.get(item.layer).copied().unwrap_or_default();
    let (x, y) = canvas.at(item.at, along);
    let right = x + size(&node.label, node.shape).0 / 2.0;
    let path = format!("M{right:.1},{:.1} c34,-4 34,20 {:.1},16", y - 8.0, ARROW - 1.0);
    drawing.path(line_class(link), &path);
    let tip = (right, y + 8.0);
    drawing.polygon("d-head", &[tip, (right + ARROW, y + 3.5), (right + ARROW, y + 12.5)], "currentColor");
    if !link.label.is_empty() {
        drawing.label_from("d-label", &link.label, (right + 30.0, y));
    }
}

fn shape(drawing: &mut Drawing, shape: Shape, label: &Label, (x, y): (f64, f64)) {
    let (width, height) = size(label, shape);
    let (left, top, right, bottom) = (x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0);
    let (corner, room) = ((left, top), (width, height));
    let slant = 16.0;
    let mut polygon = |points: &[(f64, f64)]| drawing.polygon("d-node", points, "none");
    match shape {
        Shape::Rectangle => drawing.rectangle("d-node", corner, room, 2.0),
        Shape::Round => drawing.rectangle("d-node", corner, room, 9.0),
        Shape::Stadium => drawing.rectangle("d-node", corner, room, height / 2.0),
        Shape::Subroutine => {
            drawing.rectangle("d-node", corner, room, 0.0);
            let path =
                format!("M{:.1},{top:.1} V{bottom:.1} M{:.1},{top:.1} V{bottom:.1}", left + 8.0, right - 8.0);
            drawing.path("d-node-line", &path);
        }
        Shape::Cylinder => {
            let (tip, half) = (7.0, width / 2.0);
            let body = format!(
                "M{left:.1},{:.1} a{half:.1},{tip} 0 0 1 {width:.1},0 V{:.1} a{half:.1},{tip} 0 0 1 {:.1},0 Z",
                top + tip,
                bottom - tip,
                -width
            );
            drawing.path("d-node", &body);
            let lid = format!("M{left:.1},{:.1} a{half:.1},{tip} 0 0 0 {width:.1},0", top + tip);
            drawing.path("d-node-line", &lid);
        }
        Shape::Circle => drawing.circle("d-node", (x, y), width / 2.0),
        Shape::DoubleCircle => {
            drawing.circle("d-node", (x, y), width / 2.0);
            drawing.circle("d-node", (x, y), width / 2.0 - 4.0);
        }
        Shape::Flag => {
            polygon(&[(left, top), (right, top), (right, bottom), (left, bottom), (left + slant, y)]);
        }
        Shape::Diamond => polygon(&[(x, top), (right, y), (x, bottom), (left, y)]),
        Shape::Hexagon => polygon(&[
            (left + slant, top),
            (right - slant, top),
            (right, y),
            (right - slant, bottom),
            (left + slant, bottom),
            (left, y),
        ]),
        Shape::LeanRight => {
            polygon(&[(left + slant, top), (right, top), (right - slant, bottom), (left, bottom)]);
        }
        Shape::LeanLeft => {
            polygon(&[(left, top), (right - slant, top), (right, bottom), (left + slant, bottom)]);
        }
        Shape::Trapezoid => {
            polygon(&[(left + slant, top), (right - slant, top), (right, bottom), (left, bottom)]);
        }
        Shape::InvertedTrapezoid => {
            polygon(&[(left, top), (right, top), (right - slant, bottom), (left + slant, bottom)]);
        }
    }
    drawing.label("d-text", label, (x, if shape == Shape::Cylinder { y + 5.0 } else { y }));
}
