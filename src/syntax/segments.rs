//! Segmentation kept up to date: what a change of the text leaves as it was.

use super::scan::{Cut, CutKind, ItemScan, SPLIT_LINES, next_code, segment, split_class};

/// The segmentation of a new text, and what it shares with the old one.
pub struct Resegmented {
    /// The new text's segments: equal to `segment(new)` (test `resegmenting_equals_segmenting`).
    pub cuts: Vec<Cut>,
    /// The first so many segments are the old ones, unchanged and unmoved.
    pub prefix: usize,
    /// The last so many segments are the old ones, unchanged but moved.
    pub suffix: usize,
}

/// The bytes that differ between two texts: `start` in both, then the ends in each.
struct Window {
    start: usize,
    old_end: usize,
    new_end: usize,
}

impl Window {
    fn between(old: &[u8], new: &[u8]) -> Option<Window> {
        let most = old.len().min(new.len());
        let start = common_prefix(&old[..most], &new[..most]);
        if start == old.len() && start == new.len() {
            return None;
        }
        let tail = common_suffix(&old[start..], &new[start..]);
        Some(Window {
            start,
            old_end: old.len() - tail,
            new_end: new.len() - tail,
        })
    }

    /// Where a byte after the window stood in the old text.
    fn old(&self, new: usize) -> usize {
        new - self.new_end + self.old_end
    }
}

/// Compared in blocks, and then in smaller ones: `memcmp` is many times faster than a loop over bytes.
const BLOCKS: [usize; 3] = [4096, 64, 1];

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    BLOCKS.iter().fold(0, |from, &block| {
        let blocks = a[from..]
            .chunks_exact(block)
            .zip(b[from..].chunks_exact(block));
        from + block * blocks.take_while(|(x, y)| x == y).count()
    })
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    BLOCKS.iter().fold(0, |done, &block| {
        let (a, b) = (&a[..a.len() - done], &b[..b.len() - done]);
        let blocks = a.rchunks_exact(block).zip(b.rchunks_exact(block));
        done + block * blocks.take_while(|(x, y)| x == y).count()
    })
}

/// Segments `new`, scanning only from the segment before the first difference to the first boundary after the last one that realigns.
pub fn resegment(old: &[u8], old_cuts: &[Cut], new: &[u8]) -> Resegmented {
    let Some(window) = Window::between(old, new) else {
        return Resegmented {
            cuts: old_cuts.to_vec(),
            prefix: old_cuts.len(),
            suffix: 0,
        };
    };
    if old_cuts.is_empty() {
        return Resegmented {
            cuts: segment(new),
            prefix: 0,
            suffix: 0,
        };
    }
    let touched = old_cuts
        .partition_point(|cut| cut.start <= window.start)
        .saturating_sub(1);
    let run = rescan_members(new, old_cuts, touched, &window)
        .unwrap_or_else(|| rescan_items(new, old_cuts, touched, &window));
    run.splice(old_cuts, &window)
}

/// Old segments `from..to` are replaced by `fresh`.
struct Run {
    from: usize,
    to: usize,
    fresh: Vec<Cut>,
}

impl Run {
    fn splice(self, old: &[Cut], window: &Window) -> Resegmented {
        let shift = |at: usize| at - window.old_end + window.new_end;
        let replaced = &old[self.from..self.to];
        let same_head = self
            .fresh
            .iter()
            .zip(replaced)
            .take_while(|(new, old)| new == old && old.end <= window.start)
            .count();
        let same_tail = self.fresh[same_head..]
            .iter()
            .rev()
            .zip(replaced[same_head..].iter().rev())
            .take_while(|(new, old)| {
                old.start >= window.old_end
                    && new.start == shift(old.start)
                    && new.end == shift(old.end)
                    && new.kind == old.kind
            })
            .count();
        let moved = old[self.to..].iter().map(|cut| Cut {
            start: shift(cut.start),
            end: shift(cut.end),
            code: shift(cut.code),
            ..*cut
        });
        let mut cuts = Vec::with_capacity(old.len() + self.fresh.len());
        cuts.extend_from_slice(&old[..self.from]);
        cuts.extend_from_slice(&self.fresh);
        cuts.extend(moved);
        Resegmented {
            cuts,
            prefix: self.from + same_head,
            suffix: old.len() - self.to + same_tail,
        }
    }
}

fn is_top(cut: &Cut) -> bool {
    cut.kind != CutKind::Member
}

/// From the item before the touched segment's item, until an item's boundary realigns.
fn rescan_items(new: &[u8], old: &[Cut], touched: usize, window: &Window) -> Run {
    let (mut from, mut items) = (touched, 0);
    while from > 0 {
        items += usize::from(is_top(&old[from]));
        if items == 2 {
            break;
        }
        from -= 1;
    }
    let mut fresh = Vec::new();
    let mut scan = ItemScan::new(new, old[from].start);
    let mut to = old.partition_point(|cut| cut.start < window.old_end);
    while let Some(item) = scan.next_item() {
        split_class(new, item, &mut fresh);
        if item.end >= window.new_end && item.end < new.len() {
            let boundary = window.old(item.end);
            while to < old.len() && (old[to].start < boundary || !is_top(&old[to])) {
                to += 1;
            }
            if to < old.len() && old[to].start == boundary {
                return Run { from, to, fresh };
            }
        }
    }
    Run {
        from,
        to: old.len(),
        fresh,
    }
}

/// The same inside one class that is cut into members: from the member before the touched one. None where the change could reach outside of the
/// members: the head, the first member's column, a line at column 0, the last member, a class that is no longer long.
fn rescan_members(new: &[u8], old: &[Cut], touched: usize, window: &Window) -> Option<Run> {
    let is_member = |i: usize| old[i].kind == CutKind::Member;
    if touched == 0 || !is_member(touched) || !is_member(touched - 1) {
        return None;
    }
    let head = (0..touched).rev().find(|&i| old[i].kind == CutKind::Head)?;
    let past = (touched..old.len())
        .find(|&i| !is_member(i))
        .unwrap_or(old.len());
    let old_class_end = old[past - 1].end;
    if window.old_end >= old_class_end {
        return None;
    }
    let class_end = old_class_end - window.old_end + window.new_end;
    memchr::memchr_iter(b'\n', &new[old[head].start..class_end]).nth(SPLIT_LINES)?;
    let class = &new[..class_end];
    let (_, _, column) = next_code(class, old[head].end, 0).0?;
    let mut at = old[touched - 1].start;
    let mut scan = ItemScan::with_base(class, at, column);
    let mut to = old.partition_point(|cut| cut.start < window.old_end);
    let mut fresh = Vec::new();
    loop {
        let item = scan.next_item()?;
        if scan.min_col == 0 || item.end >= class_end {
            return None;
        }
        fresh.push(Cut {
            start: at,
            end: item.end,
            code: item.code,
            kind: CutKind::Member,
        });
        at = item.end;
        if item.end >= window.new_end {
            let boundary = window.old(item.end);
            while to < past && old[to].start < boundary {
                to += 1;
            }
            if to < past && old[to].start == boundary {
                return Some(Run {
                    from: touched - 1,
                    to,
                    fresh,
                });
            }
        }
    }
}
