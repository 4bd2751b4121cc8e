//! The scanner: cuts a text into segments without parsing it.
//!
//! It tracks strings, comments, brackets, logical lines and their column, keeps no tokens and allocates nothing on the hot path. A segment is an *item* (a statement at
//! column 0 with its decorators, its continuation clauses and the comments that lead it), or, where a class is long, the class's *head* or one of its *members*. Segmentation is a pure
//! function of the text.
//!
//! Invariant: every byte is in exactly one segment, and the segments' trees equal the whole file's (test `segments_cover_and_equal_the_whole_tree`).

/// 0 plain; 1 quote; 2 '#'; 3 open; 4 close ) ]; 5 '}'; 6 '\\'; 7 newline ('\n' '\r'); 8 ':' (matters in f-string fields)
const CLASS: [u8; 256] = {
    let mut t = [0u8; 256];
    t[b'"' as usize] = 1;
    t[b'\'' as usize] = 1;
    t[b'#' as usize] = 2;
    t[b'(' as usize] = 3;
    t[b'[' as usize] = 3;
    t[b'{' as usize] = 3;
    t[b')' as usize] = 4;
    t[b']' as usize] = 4;
    t[b'}' as usize] = 5;
    t[b'\\' as usize] = 6;
    t[b'\n' as usize] = 7;
    t[b'\r' as usize] = 7;
    t[b':' as usize] = 8;
    t
};
const CODE: [bool; 256] = {
    let mut t = [false; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = CLASS[i] != 0 && CLASS[i] != 8;
        i += 1;
    }
    t
};
const FIELD: [bool; 256] = {
    let mut t = [false; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = CLASS[i] != 0;
        i += 1;
    }
    t
};
const WORD: [bool; 256] = {
    let mut t = [false; 256];
    let mut i = 0;
    while i < 256 {
        let c = i as u8;
        t[i] = c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80;
        i += 1;
    }
    t
};
/// How deep f-strings may nest before their fields are taken as text.
const MAX_NEST: u32 = 40;
/// How many lines a decorator may take before its `def` for an open bracket to be given up there.
const DECO_LOOKAHEAD: usize = 12;
/// A class of more lines than this is cut into a head and members.
pub(crate) const SPLIT_LINES: usize = 100;

/// Whether a byte is part of a word.
#[inline(always)]
pub(crate) fn is_word(c: u8) -> bool {
    WORD[c as usize]
}

/// Does `w` stand at `i` as a whole word?
#[inline(always)]
pub(crate) fn word(t: &[u8], i: usize, w: &[u8]) -> bool {
    t.len() >= i + w.len()
        && &t[i..i + w.len()] == w
        && t.get(i + w.len()).is_none_or(|c| !is_word(*c))
}
#[inline(always)]
fn nl(t: &[u8], i: usize) -> usize {
    if t[i] == b'\r' && t.get(i + 1) == Some(&b'\n') {
        i + 2
    } else {
        i + 1
    }
}
fn line_end(t: &[u8], i: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &t[i..]).map_or(t.len(), |n| i + n)
}
fn async_def(t: &[u8], i: usize) -> bool {
    if !word(t, i, b"async") {
        return false;
    }
    let mut j = i + 5;
    while j < t.len() && (t[j] == b' ' || t[j] == b'\t') {
        j += 1;
    }
    word(t, j, b"def")
}
pub(crate) fn is_def(t: &[u8], i: usize) -> bool {
    match t[i] {
        b'd' => word(t, i, b"def"),
        b'c' => word(t, i, b"class"),
        b'a' => async_def(t, i),
        _ => false,
    }
}
fn is_clause(t: &[u8], i: usize) -> bool {
    match t[i] {
        b'e' => word(t, i, b"else") || word(t, i, b"elif") || word(t, i, b"except"),
        b'f' => word(t, i, b"finally"),
        _ => false,
    }
}
/// Words that no valid Python 3 program can have at the start of a physical line inside brackets.
fn hard_keyword(t: &[u8], i: usize) -> bool {
    let w = |s: &[u8]| word(t, i, s);
    match t[i] {
        b'd' => w(b"def") || w(b"del"),
        b'c' => w(b"class") || w(b"continue"),
        b'i' => w(b"import"),
        b'r' => w(b"return") || w(b"raise"),
        b'w' => w(b"while") || w(b"with"),
        b't' => w(b"try"),
        b'a' => w(b"assert") || async_def(t, i),
        b'p' => w(b"pass"),
        b'b' => w(b"break"),
        b'g' => w(b"global"),
        b'n' => w(b"nonlocal"),
        b'e' => w(b"elif") || w(b"except"),
        b'f' => w(b"finally") || (w(b"from") && from_import(t, i)),
        b'@' => decorator_ahead(t, i),
        _ => false,
    }
}
fn from_import(t: &[u8], i: usize) -> bool {
    let l = &t[i..line_end(t, i)];
    memchr::memmem::find(l, b" import").is_some_and(|k| l.get(k + 7).is_none_or(|c| !is_word(*c)))
}
/// `@name ...` (maybe several, maybe with bracketed arguments) and then a `def`/`class`/`async def` line.
fn decorator_ahead(t: &[u8], at: usize) -> bool {
    if !t.get(at + 1).is_some_and(|c| is_word(*c)) {
        return false;
    }
    let (mut i, mut depth) = (at, 0i32);
    for n in 0..DECO_LOOKAHEAD {
        let e = line_end(t, i);
        let mut c = i;
        while c < e && matches!(t[c], b' ' | b'\t' | b'\x0c') {
            c += 1;
        }
        if c < e && t[c] != b'#' {
            if n > 0 && is_def(t, c) {
                return true;
            }
            if n > 0 && depth <= 0 && t[c] != b'@' {
                return false;
            }
            for &b in &t[c..e] {
                match b {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth -= 1,
                    b'#' => break,
                    _ => {}
                }
                if depth < 0 {
                    return false;
                }
            }
        }
        if e >= t.len() {
            return false;
        }
        i = nl(t, e);
    }
    false
}

/// Scans code and strings of one logical line.
struct Lex<'a> {
    t: &'a [u8],
    resync: Option<usize>,
    abort: bool,
}

impl<'a> Lex<'a> {
    /// From `i` (inside code) to the end of the logical line (after its newline), or, with `F`, to the
    /// `}` / `:` that ends an f-string replacement field (position of that byte).
    fn code<const F: bool>(&mut self, mut i: usize, nest: u32) -> usize {
        let t = self.t;
        let mut depth = 0u32;
        let tab: &[bool; 256] = if F { &FIELD } else { &CODE };
        loop {
            while i < t.len() && !tab[t[i] as usize] {
                i += 1;
            }
            if i >= t.len() {
                return i;
            }
            match CLASS[t[i] as usize] {
                1 => {
                    i = self.string(i, nest);
                    if F && (self.abort || self.resync.is_some()) {
                        return i;
                    }
                    if !F {
                        self.abort = false;
                        if let Some(r) = self.resync.take() {
                            return r;
                        }
                    }
                }
                2 => i = line_end(t, i),
                3 => {
                    depth += 1;
                    i += 1
                }
                4 => {
                    depth = depth.saturating_sub(1);
                    i += 1
                }
                5 => {
                    if F && depth == 0 {
                        return i;
                    }
                    depth = depth.saturating_sub(1);
                    i += 1
                }
                6 => {
                    i += 1;
                    if i < t.len() && (t[i] == b'\n' || t[i] == b'\r') {
                        i = nl(t, i);
                    }
                }
                7 => {
                    i = nl(t, i);
                    if !F && depth == 0 {
                        return i;
                    }
                    let mut c = i;
                    while c < t.len() && matches!(t[c], b' ' | b'\t' | b'\x0c') {
                        c += 1;
                    }
                    if c < t.len()
                        && (t[c].is_ascii_lowercase() || t[c] == b'@')
                        && hard_keyword(t, c)
                    {
                        if F {
                            self.resync = Some(i);
                        }
                        return i;
                    }
                    i = c;
                }
                8 => {
                    if depth == 0 {
                        return i;
                    }
                    i += 1
                }
                _ => unreachable!(),
            }
        }
    }
    /// `i` is at a quote; returns the position after the string (or at the newline that cuts it).
    fn string(&mut self, i: usize, nest: u32) -> usize {
        let t = self.t;
        let (mut f, mut raw) = (false, false);
        let mut j = i;
        while j > 0 && i - j <= 3 && is_word(t[j - 1]) {
            j -= 1;
        }
        if i - j <= 3 && i > j {
            let mut ok = true;
            for &c in &t[j..i] {
                match c | 0x20 {
                    b'f' | b't' => f = true,
                    b'r' => raw = true,
                    b'b' | b'u' => {}
                    _ => ok = false,
                }
            }
            if !ok {
                f = false;
                raw = false;
            }
        }
        let q = t[i];
        let triple = t.len() > i + 2 && t[i + 1] == q && t[i + 2] == q;
        if f && nest < MAX_NEST {
            return self.fstring(if triple { i + 3 } else { i + 1 }, q, triple, raw, nest + 1);
        }
        if triple {
            let mut i = i + 3;
            loop {
                match memchr::memchr2(q, b'\\', &t[i.min(t.len())..]) {
                    None => return t.len(),
                    Some(k) => {
                        i += k;
                        if t[i] == b'\\' {
                            i += 2;
                            if i > t.len() {
                                return t.len();
                            }
                        } else if t.len() > i + 2 && t[i + 1] == q && t[i + 2] == q {
                            return i + 3;
                        } else {
                            i += 1
                        }
                    }
                }
            }
        }
        let mut i = i + 1;
        while i < t.len() {
            let c = t[i];
            if c == q {
                return i + 1;
            }
            if c == b'\\' {
                i += 1;
                if i < t.len() {
                    i = if t[i] == b'\r' { nl(t, i) } else { i + 1 };
                }
                continue;
            }
            if c == b'\n' || c == b'\r' {
                self.abort = true;
                return i;
            }
            i += 1;
        }
        i
    }
    fn fstring(&mut self, mut i: usize, q: u8, triple: bool, raw: bool, nest: u32) -> usize {
        let t = self.t;
        while i < t.len() {
            let c = t[i];
            if c == q {
                if !triple {
                    return i + 1;
                }
                if t.len() > i + 2 && t[i + 1] == q && t[i + 2] == q {
                    return i + 3;
                }
                i += 1;
            } else if c == b'\\' {
                i = self.escape(i, raw);
            } else if c == b'{' {
                if t.get(i + 1) == Some(&b'{') {
                    i += 2;
                    continue;
                }
                i = self.field(i + 1, q, triple, raw, nest);
                if self.resync.is_some() {
                    return i;
                }
                if self.abort && triple {
                    self.abort = false;
                } // back to the literal part of the triple string
            } else if (c == b'\n' || c == b'\r') && !triple {
                self.abort = true;
                return i;
            } else {
                i += 1;
            }
        }
        i.min(t.len())
    }
    fn escape(&self, i: usize, raw: bool) -> usize {
        let t = self.t;
        match t.get(i + 1) {
            None => t.len(),
            Some(b'{') | Some(b'}') => i + 1,
            Some(b'N') if !raw && t.get(i + 2) == Some(&b'{') => {
                let mut j = i + 3;
                while j < t.len() && (t[j].is_ascii_alphanumeric() || t[j] == b' ' || t[j] == b'-')
                {
                    j += 1;
                }
                if t.get(j) == Some(&b'}') {
                    j + 1
                } else {
                    i + 2
                }
            }
            Some(b'\r') => nl(t, i + 1),
            Some(_) => i + 2,
        }
    }
    /// After `{`: to after the matching `}`; on an unclosed field returns where it was cut.
    fn field(&mut self, i: usize, q: u8, triple: bool, raw: bool, nest: u32) -> usize {
        let t = self.t;
        let mut i = self.code::<true>(i, nest);
        if self.resync.is_some() || self.abort || i >= t.len() {
            return i;
        }
        if t[i] == b'}' {
            return i + 1;
        }
        i += 1; // ':' -> format spec
        while i < t.len() {
            match t[i] {
                b'}' => return i + 1,
                b'{' => {
                    if nest >= MAX_NEST {
                        return i + 1;
                    }
                    i = self.field(i + 1, q, triple, raw, nest + 1);
                    if self.resync.is_some() || self.abort {
                        return i;
                    }
                }
                b'\\' => i = self.escape(i, raw),
                b'\n' | b'\r' if !triple => return i,
                c if c == q && (!triple || (t.len() > i + 2 && t[i + 1] == q && t[i + 2] == q)) => {
                    return i;
                }
                _ => i += 1,
            }
        }
        i.min(t.len())
    }
}

/// The first code line at or after `pos` (a line start): (line start, code start, column), and the start of the
/// first comment line whose column is <= `base` on the way.
pub(crate) fn next_code(
    t: &[u8],
    mut pos: usize,
    base: usize,
) -> (Option<(usize, usize, usize)>, Option<usize>) {
    let mut bound = None;
    loop {
        if pos >= t.len() {
            return (None, bound);
        }
        let mut c = pos;
        let mut col = 0usize;
        if c == 0 && t.starts_with(b"\xef\xbb\xbf") {
            c = 3;
        }
        loop {
            match t.get(c) {
                Some(b' ') => {
                    col += 1;
                    c += 1
                }
                Some(b'\t') => {
                    col = (col / 8 + 1) * 8;
                    c += 1
                }
                Some(b'\x0c') => {
                    col = 0;
                    c += 1
                }
                // an explicit continuation inside the indentation joins the next line
                Some(b'\\') if matches!(t.get(c + 1), Some(b'\n') | Some(b'\r')) => {
                    c = nl(t, c + 1)
                }
                _ => break,
            }
        }
        match t.get(c) {
            None => return (None, bound),
            Some(b'\n') | Some(b'\r') => pos = nl(t, c),
            Some(b'#') => {
                if col <= base && bound.is_none() {
                    bound = Some(pos);
                }
                let e = line_end(t, c);
                pos = if e < t.len() { nl(t, e) } else { e };
            }
            Some(_) => return (Some((pos, c, col)), bound),
        }
    }
}

/// Iterator over items. `new(t, pos)` may start at any item boundary.
pub struct ItemScan<'a> {
    t: &'a [u8],
    pos: usize,
    cur: usize,
    base: usize,
    have: bool,
    deco: bool,
    done: bool,
    code: usize,
    /** smallest column of a code line met so far */
    pub min_col: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    pub start: usize,
    pub end: usize,
    /** first code byte */
    pub code: usize,
}

impl<'a> ItemScan<'a> {
    pub fn new(t: &'a [u8], pos: usize) -> Self {
        Self::with_base(t, pos, 0)
    }
    pub(crate) fn with_base(t: &'a [u8], pos: usize, base: usize) -> Self {
        ItemScan {
            t,
            pos,
            cur: pos,
            base,
            have: false,
            deco: false,
            done: pos >= t.len(),
            code: pos,
            min_col: usize::MAX,
        }
    }
    pub fn next_item(&mut self) -> Option<Item> {
        if self.done {
            return None;
        }
        let t = self.t;
        loop {
            let (line, bound) = next_code(t, self.pos, self.base);
            let Some((ls, cs, col)) = line else {
                self.done = true;
                return Some(Item {
                    start: self.cur,
                    end: t.len(),
                    code: if self.have { self.code } else { t.len() },
                });
            };
            self.min_col = self.min_col.min(col);
            if col <= self.base {
                let joins = if self.deco {
                    t[cs] == b'@' || is_def(t, cs)
                } else {
                    is_clause(t, cs)
                };
                if self.have && !joins {
                    let b = bound.unwrap_or(ls);
                    let r = Item {
                        start: self.cur,
                        end: b,
                        code: self.code,
                    };
                    self.cur = b;
                    self.pos = ls;
                    self.have = false;
                    self.deco = false;
                    return Some(r);
                }
                if !self.have {
                    self.code = cs;
                    self.deco = t[cs] == b'@';
                } else if t[cs] != b'@' {
                    self.deco = false;
                }
            } else if !self.have {
                self.code = cs;
            }
            self.have = true;
            self.pos = Lex {
                t,
                resync: None,
                abort: false,
            }
            .code::<false>(cs, 0);
        }
    }
}
impl<'a> Iterator for ItemScan<'a> {
    type Item = Item;
    fn next(&mut self) -> Option<Item> {
        self.next_item()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum CutKind {
    Item,
    Head,
    Member,
}
/// One segment: `start..end` is its text, `code` where its first code byte stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    pub start: usize,
    pub end: usize,
    pub code: usize,
    pub kind: CutKind,
}

/// Level 2: splits a class item into head + members; pushes at least one segment.
pub fn split_class(t: &[u8], it: Item, out: &mut Vec<Cut>) {
    let whole = Cut {
        start: it.start,
        end: it.end,
        code: it.code,
        kind: CutKind::Item,
    };
    if it.code >= it.end || !matches!(t[it.code], b'c' | b'@') {
        out.push(whole);
        return;
    }
    // not more than split_lines lines: no split
    if memchr::memchr_iter(b'\n', &t[it.start..it.end])
        .nth(SPLIT_LINES)
        .is_none()
    {
        out.push(whole);
        return;
    }
    let s = &t[..it.end];
    let mut pos = it.start;
    // decorators, then the class header
    let head_end = loop {
        let (Some((_, cs, col)), _) = next_code(s, pos, 0) else {
            out.push(whole);
            return;
        };
        let e = Lex {
            t: s,
            resync: None,
            abort: false,
        }
        .code::<false>(cs, 0);
        if s[cs] == b'@' {
            pos = e;
            continue;
        }
        if col != 0 || !word(s, cs, b"class") {
            out.push(whole);
            return;
        }
        break e;
    };
    let (Some((_, _, col)), _) = next_code(s, head_end, 0) else {
        out.push(whole);
        return;
    };
    if col == 0 {
        out.push(whole);
        return;
    } // `class A: pass` or an empty body
    let n0 = out.len();
    let mut sc = ItemScan::with_base(s, head_end, col);
    let mut ms = head_end;
    out.push(Cut {
        start: it.start,
        end: head_end,
        code: it.code,
        kind: CutKind::Head,
    });
    while let Some(m) = sc.next_item() {
        out.push(Cut {
            start: ms,
            end: m.end,
            code: m.code,
            kind: CutKind::Member,
        });
        ms = m.end;
    }
    if out.len() == n0 + 1 {
        out.truncate(n0);
        out.push(whole);
    }
}

pub fn segment(t: &[u8]) -> Vec<Cut> {
    let mut v = Vec::with_capacity(t.len() / 600 + 4);
    let mut s = ItemScan::new(t, 0);
    while let Some(it) = s.next_item() {
        split_class(t, it, &mut v);
    }
    v
}

/// Where the logical line that begins at `at` ends: after its line break, or at the end of the text.
pub(crate) fn logical_line_end(t: &[u8], at: usize) -> usize {
    Lex {
        t,
        resync: None,
        abort: false,
    }
    .code::<false>(at, 0)
}
