//! Who stands beside whom.
//!
//! Everything has a number; in each layer, and in each group there, what has the lower number stands first. A group
//! has one number for all its layers, so that it is on the same side of its neighbours everywhere.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Plan;

/// Sweeps over the layers, down and up.
const SWEEPS: usize = 10;

/// Orders every layer.
pub(super) fn order(plan: &mut Plan<'_>) {
    let (mut above, mut below) = (vec![Vec::new(); plan.items.len()], vec![Vec::new(); plan.items.len()]);
    for chain in &plan.chains {
        for pair in chain.path.windows(2) {
            if let [a, b] = *pair {
                if let Some(list) = above.get_mut(b) {
                    list.push(a);
                }
                if let Some(list) = below.get_mut(a) {
                    list.push(b);
                }
            }
        }
    }
    sort(plan);
    let mut best = (crossings(plan), plan.layers.clone());
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let neighbours = if down { &above } else { &below };
        let mut numbers: Vec<usize> = (0..plan.layers.len()).collect();
        if !down {
            numbers.reverse();
        }
        for number in numbers {
            for index in plan.layers.get(number).cloned().unwrap_or_default() {
                let beside = neighbours.get(index).map(Vec::as_slice).unwrap_or_default();
                let places: Vec<f64> =
                    beside.iter().filter_map(|other| Some(plan.items.get(*other)?.order)).collect();
                if let Some(item) = plan.items.get_mut(index).filter(|_| !places.is_empty()) {
                    item.order = places.iter().sum::<f64>() / count(places.len());
                }
            }
            sort_layer(plan, number, &HashMap::new());
        }
        sort(plan);
        let now = crossings(plan);
        if now < best.0 {
            best = (now, plan.layers.clone());
        }
        if best.0 == 0 {
            break;
        }
    }
    plan.layers = best.1;
}

/// Sorts every layer with the same number for a group in all of them, and numbers what is in it anew.
fn sort(plan: &mut Plan<'_>) {
    let mut sums: HashMap<usize, (f64, usize)> = HashMap::new();
    for item in &plan.items {
        for group in plan.groups_of(item.group) {
            let sum = sums.entry(group).or_default();
            sum.0 += item.order;
            sum.1 += 1;
        }
    }
    let groups = sums.into_iter().map(|(group, (sum, number))| (group, sum / count(number))).collect();
    for number in 0..plan.layers.len() {
        sort_layer(plan, number, &groups);
    }
}

/// Sorts one layer; a group without a number in `groups` has that of its items in this layer.
fn sort_layer(plan: &mut Plan<'_>, number: usize, groups: &HashMap<usize, f64>) {
    let Some(layer) = plan.layers.get(number) else { return };
    let mut here: HashMap<usize, (f64, usize)> = HashMap::new();
    for index in layer {
        let Some(item) = plan.items.get(*index) else { continue };
        for group in plan.groups_of(item.group) {
            let sum = here.entry(group).or_default();
            sum.0 += item.order;
            sum.1 += 1;
        }
    }
    let of_group = |group: usize| {
        let mean = here.get(&group).map_or(0.0, |(sum, number)| sum / count(*number));
        groups.get(&group).copied().unwrap_or(mean)
    };
    // An item's way in: its groups from the outermost, then itself. A group's index tells equals apart.
    let mut keyed: Vec<(Vec<(f64, usize)>, usize)> = layer
        .iter()
        .map(|index| {
            let item = plan.items.get(*index);
            let mut way: Vec<(f64, usize)> = plan
                .groups_of(item.and_then(|item| item.group))
                .map(|group| (of_group(group), group))
                .collect();
            way.reverse();
            way.push((item.map_or(0.0, |item| item.order), plan.chart.groups.len() + index));
            (way, *index)
        })
        .collect();
    keyed.sort_by(|(a, _), (b, _)| compare(a, b));
    let sorted: Vec<usize> = keyed.into_iter().map(|(_, index)| index).collect();
    for (place, index) in sorted.iter().enumerate() {
        if let Some(item) = plan.items.get_mut(*index) {
            item.order = count(place);
        }
    }
    if let Some(layer) = plan.layers.get_mut(number) {
        *layer = sorted;
    }
}

fn compare(a: &[(f64, usize)], b: &[(f64, usize)]) -> Ordering {
    for ((a, i), (b, j)) in a.iter().zip(b) {
        let order = a.total_cmp(b).then(i.cmp(j));
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// How often links cross between neighbouring layers.
fn crossings(plan: &Plan<'_>) -> usize {
    let mut between: Vec<Vec<(usize, usize)>> = vec![Vec::new(); plan.layers.len()];
    let mut places = vec![0_usize; plan.items.len()];
    for layer in &plan.layers {
        for (place, index) in layer.iter().enumerate() {
            if let Some(slot) = places.get_mut(*index) {
                *slot = place;
            }
        }
    }
    let place = |index: usize| places.get(index).copied().unwrap_or_default();
    for chain in &plan.chains {
        for pair in chain.path.windows(2) {
            if let [a, b] = *pair
                && let Some(list) = plan.items.get(a).and_then(|item| between.get_mut(item.layer))
            {
                list.push((place(a), place(b)));
            }
        }
    }
    let mut found = 0;
    for list in &between {
        for (at, (a, b)) in list.iter().enumerate() {
            let later = list.get(at + 1..).unwrap_or_default();
            found += later.iter().filter(|(c, d)| (a < c && b > d) || (a > c && b < d)).count();
        }
    }
    found
}

pub(super) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
