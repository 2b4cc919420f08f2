//! Layers: every link leads to a later one.

use super::super::flowchart::{Flowchart, Line};
use super::{Chain, Item, MOST_BENDS, Plan, Undrawable, size};

/// Puts nodes into layers and links into chains.
pub(super) fn rank(chart: &Flowchart) -> Result<Plan<'_>, Undrawable> {
    let turned = against_the_stream(chart);
    let layers = layers(chart, &turned);
    let mut plan = Plan {
        chart,
        items: Vec::new(),
        chains: Vec::new(),
        loops: Vec::new(),
        layers: Vec::new(),
        middles: Vec::new(),
        groups: Vec::new(),
    };
    let upright = plan.upright();
    for (index, node) in chart.nodes.iter().enumerate() {
        let (width, height) = size(&node.label, node.shape);
        let (across, along) = if upright { (width, height) } else { (height, width) };
        let layer = layers.get(index).copied().unwrap_or_default();
        plan.items.push(Item {
            layer,
            group: node.group,
            across,
            along,
            node: Some(index),
            ..Item::default()
        });
    }
    for (index, link) in chart.links.iter().enumerate() {
        if link.from == link.to {
            plan.loops.push(index);
            continue;
        }
        let turned = turned.get(index).copied().unwrap_or_default();
        let (from, to) = if turned { (link.to, link.from) } else { (link.from, link.to) };
        let layer_of = |node: usize| layers.get(node).copied().unwrap_or_default();
        let (first, last) = (layer_of(from), layer_of(to));
        let group = common_group(&plan, from, to);
        let mut path = vec![from];
        let mut labelled = None;
        for layer in first + 1..last {
            let mut bend = Item { layer, group, across: 2.0, ..Item::default() };
            if !link.label.is_empty() && layer == usize::midpoint(first, last) {
                let (width, height) = (link.label.width() + 14.0, link.label.height() + 8.0);
                (bend.across, bend.along) = if upright { (width, height) } else { (height, width) };
                labelled = Some(plan.items.len());
            }
            path.push(plan.items.len());
            plan.items.push(bend);
        }
        path.push(to);
        plan.chains.push(Chain { link: index, path, turned, labelled });
        if plan.items.len() > MOST_BENDS {
            return Err(Undrawable::TooLarge("its links are too long to be followed".to_owned()));
        }
    }
    hold_groups_together(&mut plan);
    let deepest = plan.items.iter().map(|item| item.layer).max().unwrap_or_default();
    plan.layers = vec![Vec::new(); deepest + 1];
    for (index, item) in plan.items.iter().enumerate() {
        if let Some(layer) = plan.layers.get_mut(item.layer) {
            layer.push(index);
        }
    }
    Ok(plan)
}

/// Links that would close a circle, found by walking from node to node in the order in which they were written.
fn against_the_stream(chart: &Flowchart) -> Vec<bool> {
    let mut out = vec![Vec::new(); chart.nodes.len()];
    for (index, link) in chart.links.iter().enumerate() {
        if let Some(out) = out.get_mut(link.from) {
            out.push((index, link.to));
        }
    }
    let mut turned = vec![false; chart.links.len()];
    // 0: not met, 1: on the way, 2: done.
    let mut state = vec![0_u8; chart.nodes.len()];
    for root in 0..chart.nodes.len() {
        if state.get(root) != Some(&0) {
            continue;
        }
        let mut stack = vec![(root, 0_usize)];
        while let Some((node, next)) = stack.last_mut() {
            if let Some(state) = state.get_mut(*node) {
                *state = 1;
            }
            if let Some((link, to)) = out.get(*node).and_then(|links| links.get(*next)) {
                *next += 1;
                match state.get(*to) {
                    Some(0) => stack.push((*to, 0)),
                    Some(1) => {
                        if let Some(turned) = turned.get_mut(*link) {
                            *turned = true;
                        }
                    }
                    _ => {}
                }
            } else {
                if let Some(state) = state.get_mut(*node) {
                    *state = 2;
                }
                stack.pop();
            }
        }
    }
    turned
}

/// The layer of each node: as early as its links let it, and where it only sends, as late.
fn layers(chart: &Flowchart, turned: &[bool]) -> Vec<usize> {
    let steps: Vec<(usize, usize, usize)> = chart
        .links
        .iter()
        .zip(turned)
        .filter(|(link, _)| link.from != link.to)
        .map(|(link, turned)| {
            let room = if link.label.is_empty() || link.line == Line::Invisible { 1 } else { 2 };
            let length = link.length.max(room);
            if *turned { (link.to, link.from, length) } else { (link.from, link.to, length) }
        })
        .collect();
    let mut layers = vec![0_usize; chart.nodes.len()];
    // Without circles this settles after as many rounds as there are nodes at the most.
    for _ in 0..=chart.nodes.len() {
        let mut settled = true;
        for (from, to, length) in &steps {
            let least = layers.get(*from).copied().unwrap_or_default() + length;
            if let Some(layer) = layers.get_mut(*to).filter(|layer| **layer < least) {
                *layer = least;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    for node in 0..layers.len() {
        let receives = steps.iter().any(|(_, to, _)| *to == node);
        let latest = steps
            .iter()
            .filter(|(from, ..)| *from == node)
            .filter_map(|(_, to, length)| layers.get(*to)?.checked_sub(*length))
            .min();
        if let Some((layer, latest)) = layers.get_mut(node).zip(latest).filter(|_| !receives) {
            *layer = latest;
        }
    }
    layers
}

/// The innermost group that holds both nodes.
fn common_group(plan: &Plan<'_>, a: usize, b: usize) -> Option<usize> {
    let group = |node: usize| plan.chart.nodes.get(node).and_then(|node| node.group);
    let around_b: Vec<usize> = plan.groups_of(group(b)).collect();
    plan.groups_of(group(a)).find(|group| around_b.contains(group))
}

/// A group without anything in a layer between its first and its last gets something there that keeps others out.
fn hold_groups_together(plan: &mut Plan<'_>) {
    let mut held: Vec<Vec<usize>> = vec![Vec::new(); plan.chart.groups.len()];
    for item in &plan.items {
        for group in plan.groups_of(item.group) {
            if let Some(layers) = held.get_mut(group) {
                layers.push(item.layer);
            }
        }
    }
    for (group, layers) in held.iter().enumerate() {
        let (Some(first), Some(last)) = (layers.iter().min(), layers.iter().max()) else { continue };
        for layer in *first..=*last {
            if !layers.contains(&layer) {
                plan.items.push(Item { layer, group: Some(group), across: 2.0, ..Item::default() });
            }
        }
    }
}
