//! How far across and how far along everything stands.

use std::collections::HashMap;

use super::super::letters::LINE;
use super::{Frame, Plan};

/// Between neighbours in a layer, and between bends.
const GAP: f64 = 30.0;
const BEND_GAP: f64 = 16.0;
/// Between layers, and around a layer of labels alone.
const LAYER_GAP: f64 = 46.0;
const LABEL_GAP: f64 = 22.0;
/// Around what is in a group.
const PADDING: f64 = 16.0;
const ROUNDS: usize = 24;

/// `after` stands at least `distance` behind `before`.
struct Apart {
    before: usize,
    after: usize,
    distance: f64,
}

/// Places items and groups. The variables are the items' middles, then each group's two sides.
pub(super) fn place(plan: &mut Plan<'_>) {
    along(plan);
    let items = plan.items.len();
    let sides = |group: usize| (items + 2 * group, items + 2 * group + 1);
    let apart = constraints(plan, sides);
    let number = items + 2 * plan.chart.groups.len();
    let mut at = vec![0.0_f64; number];
    settle(&mut at, &apart);
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); number];
    for chain in &plan.chains {
        for pair in chain.path.windows(2) {
            if let [a, b] = *pair {
                neighbours.get_mut(a).into_iter().for_each(|list| list.push(b));
                neighbours.get_mut(b).into_iter().for_each(|list| list.push(a));
            }
        }
    }
    let (mut before, mut after) = (vec![Vec::new(); number], vec![Vec::new(); number]);
    for rule in &apart {
        before
            .get_mut(rule.after)
            .into_iter()
            .for_each(|list: &mut Vec<(usize, f64)>| list.push((rule.before, rule.distance)));
        after
            .get_mut(rule.before)
            .into_iter()
            .for_each(|list: &mut Vec<(usize, f64)>| list.push((rule.after, rule.distance)));
    }
    for round in 0..ROUNDS {
        let step = |index: usize, at: &mut Vec<f64>| {
            let value = |index: usize| at.get(index).copied().unwrap_or_default();
            let lists = (before.get(index), after.get(index), neighbours.get(index));
            let (Some(before), Some(after), Some(beside)) = lists else { return };
            let least = before
                .iter()
                .map(|(other, distance)| value(*other) + distance)
                .fold(f64::NEG_INFINITY, f64::max);
            let most =
                after.iter().map(|(other, distance)| value(*other) - distance).fold(f64::INFINITY, f64::min);
            let wanted = if index >= items {
                // A group's sides close in on what is inside.
                if (index - items).is_multiple_of(2) { most } else { least }
            } else if beside.is_empty() {
                value(index)
            } else {
                middle(beside.iter().map(|other| value(*other)).collect())
            };
            let placed = if least > most { value(index) } else { wanted.clamp(least, most) };
            if placed.is_finite()
                && let Some(slot) = at.get_mut(index)
            {
                *slot = placed;
            }
        };
        if round % 2 == 0 {
            (0..number).for_each(|index| step(index, &mut at));
        } else {
            (0..number).rev().for_each(|index| step(index, &mut at));
        }
    }
    for (item, at) in plan.items.iter_mut().zip(&at) {
        item.at = *at;
    }
    for (group, frame) in plan.groups.iter_mut().enumerate() {
        let (left, right) = sides(group);
        frame.across =
            (at.get(left).copied().unwrap_or_default(), at.get(right).copied().unwrap_or_default());
    }
}

fn middle(mut places: Vec<f64>) -> f64 {
    places.sort_by(f64::total_cmp);
    let (low, high) = (places.get((places.len() - 1) / 2), places.get(places.len() / 2));
    f64::midpoint(low.copied().unwrap_or_default(), high.copied().unwrap_or_default())
}

/// The first places that keep all distances.
fn settle(at: &mut [f64], apart: &[Apart]) {
    for _ in 0..=at.len() {
        let mut settled = true;
        for rule in apart {
            let least = at.get(rule.before).copied().unwrap_or_default() + rule.distance;
            if let Some(slot) = at.get_mut(rule.after).filter(|slot| **slot < least) {
                *slot = least;
                settled = false;
            }
        }
        if settled {
            return;
        }
    }
}

fn constraints(plan: &Plan<'_>, sides: impl Fn(usize) -> (usize, usize)) -> Vec<Apart> {
    let mut apart = Vec::new();
    for layer in &plan.layers {
        // The last thing that ended on this layer: its variable and how much of it lies behind that.
        let mut last: Option<(usize, f64, bool)> = None;
        let mut open: Vec<usize> = Vec::new();
        for index in layer {
            let Some(item) = plan.items.get(*index) else { continue };
            let mut way: Vec<usize> = plan.groups_of(item.group).collect();
            way.reverse();
            let same = open.iter().zip(&way).take_while(|(a, b)| a == b).count();
            while open.len() > same {
                if let Some(group) = open.pop() {
                    let (_, right) = sides(group);
                    if let Some((before, half, _)) = last {
                        apart.push(Apart { before, after: right, distance: half + PADDING });
                    }
                    last = Some((right, 0.0, true));
                }
            }
            for group in way.iter().skip(same) {
                let (left, _) = sides(*group);
                if let Some((before, half, _)) = last {
                    let gap = if open.contains(group)
                        || plan.groups_of(Some(*group)).skip(1).any(|outer| sides(outer).0 == before)
                    {
                        PADDING
                    } else {
                        GAP
                    };
                    apart.push(Apart { before, after: left, distance: half + gap });
                }
                last = Some((left, PADDING, true));
                open.push(*group);
            }
            let half = item.across / 2.0;
            if let Some((before, behind, is_side)) = last {
                let at_own_side = is_side && open.last().is_some_and(|group| sides(*group).0 == before);
                let bend =
                    item.node.is_none() || plan.items.get(before).is_some_and(|item| item.node.is_none());
                let gap = if at_own_side {
                    0.0
                } else if bend {
                    BEND_GAP
                } else {
                    GAP
                };
                apart.push(Apart { before, after: *index, distance: behind + gap + half });
            }
            last = Some((*index, half, false));
        }
        while let Some(group) = open.pop() {
            let (_, right) = sides(group);
            if let Some((before, half, _)) = last {
                apart.push(Apart { before, after: right, distance: half + PADDING });
            }
            last = Some((right, 0.0, true));
        }
    }
    for (group, known) in plan.chart.groups.iter().enumerate() {
        let (left, right) = sides(group);
        let title = if plan.upright() { known.label.width() + 24.0 } else { known.label.height() + 24.0 };
        apart.push(Apart { before: left, after: right, distance: title });
    }
    apart
}

/// Layers one after the other, with room for the titles and edges of groups.
fn along(plan: &mut Plan<'_>) {
    let groups = plan.chart.groups.len();
    let mut spans: HashMap<usize, (usize, usize)> = HashMap::new();
    for item in &plan.items {
        for group in plan.groups_of(item.group) {
            let span = spans.entry(group).or_insert((item.layer, item.layer));
            *span = (span.0.min(item.layer), span.1.max(item.layer));
        }
    }
    let title = |group: usize| {
        let label = plan.chart.groups.get(group).map(|group| &group.label);
        let room = label.map_or(0.0, |label| label.height().max(LINE));
        if plan.upright() { room + 14.0 } else { PADDING }
    };
    // How deep groups are nested that begin, or end, with each other in a layer.
    let room = |group: usize, begins: bool| -> f64 {
        let layer = spans.get(&group).map(|span| if begins { span.0 } else { span.1 });
        let inner = (0..groups).filter(|inner| {
            let its = spans.get(inner).map(|span| if begins { span.0 } else { span.1 });
            *inner != group && its == layer && plan.groups_of(Some(*inner)).any(|outer| outer == group)
        });
        let own = if begins { title(group) } else { PADDING };
        own + inner.map(|inner| if begins { title(inner) } else { PADDING }).sum::<f64>()
    };
    let most = |layer: usize, begins: bool| {
        let here = (0..groups).filter(|group| {
            spans.get(group).is_some_and(|span| layer == if begins { span.0 } else { span.1 })
        });
        here.map(|group| room(group, begins)).fold(0.0, f64::max)
    };
    let is_label = |layer: &[usize]| {
        layer.iter().all(|index| plan.items.get(*index).is_some_and(|item| item.node.is_none()))
    };
    let (mut at, mut middles, mut edges) = (0.0, Vec::new(), Vec::new());
    let mut label_before = false;
    for (number, layer) in plan.layers.iter().enumerate() {
        let label = is_label(layer);
        if number > 0 {
            at += if label || label_before { LABEL_GAP } else { LAYER_GAP };
        }
        label_before = label;
        at += most(number, true);
        let size = layer.iter().filter_map(|index| Some(plan.items.get(*index)?.along)).fold(0.0, f64::max);
        middles.push(at + size / 2.0);
        edges.push((at, at + size));
        at += size + most(number, false);
    }
    let frames = (0..groups).map(|group| {
        let Some((first, last)) = spans.get(&group).copied() else { return Frame::default() };
        let from = edges.get(first).map_or(0.0, |edge| edge.0) - room(group, true);
        let to = edges.get(last).map_or(0.0, |edge| edge.1) + room(group, false);
        Frame { across: (0.0, 0.0), along: (from, to) }
    });
    plan.groups = frames.collect();
    plan.middles = middles;
}
