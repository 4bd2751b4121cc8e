//! Functions whose results a cache of `functools` keeps and hands out again.

use super::{ClassValue, Function, Kept, Project, Spot, Value, is_container_name};
use crate::facts::{FileFacts, Site, Subjects};
use crate::syntax::Field;

/// What strings and containers are asked for all the time.
const EVERYWHERE: &[&str] = &[
    "add", "append", "copy", "count", "find", "format", "get", "index", "items", "join", "keys",
    "pop", "replace", "split", "strip", "update", "values",
];

/// Whether a function is a method that is called like one of strings or containers: a call of that name shows nothing.
pub(super) fn is_called_like_any(function: Function<'_>) -> bool {
    function.class().is_some() && EVERYWHERE.contains(&function.name())
}

/// The cached functions of the project that give containers, found once.
#[derive(Default)]
pub(super) struct Memo(pub(super) Kept<Vec<Spot>>);

impl Project {
    /// The functions of the project whose results a cache keeps, and are containers.
    pub fn caching_containers(&self) -> impl Iterator<Item = Function<'_>> {
        let spots = self.keep(&self.caching.0, || {
            let segments = self.files().flat_map(|file| self.caching_in(file));
            let functions = segments.flat_map(|root| {
                let functions = root.body().functions.iter();
                functions.filter_map(move |data| Function::at(root.at(data.node)))
            });
            let caching = functions.filter(|function| self.gives_kept_container(*function));
            caching.map(|function| Spot::of(function.site)).collect()
        });
        spots
            .iter()
            .filter_map(|spot| Function::at(self.site(spot)?))
    }

    /// The segments of a file in which a decorator may be one of the caches, by its words or another name of them.
    fn caching_in<'p>(&'p self, file: &'p FileFacts) -> impl Iterator<Item = Site<'p>> {
        self.about(file, Subjects::CACHES)
            .map(|segment| file.root(segment))
            .filter(|root| !root.node.tree().has_error())
    }

    fn gives_kept_container<'p>(&'p self, function: Function<'p>) -> bool {
        function.keeps_results(self)
            && matches!(
                self.returned(function, 0),
                Value::Instance(ClassValue::External(name)) if is_container_name(&name)
            )
    }

    /// The calls of a function in a file. Those of a method that is called like one of a container are found where its class, or an heir of it, is named in the file.
    pub fn calls_in<'p>(&'p self, file: &'p FileFacts, function: Function<'p>) -> Vec<Site<'p>> {
        let class = function.class().filter(|_| is_called_like_any(function));
        if let Some(class) = class {
            let names = self.names_after(&[class.name()]).into_iter();
            if names
                .map(|name| file.segments_with(name))
                .all(|found| found.is_empty())
            {
                return Vec::new();
            }
        }
        let names = self.with_aliases(function.name());
        let mut segments: Vec<usize> = Vec::new();
        for name in names {
            let calls = |segment: &usize| file.segment(*segment).may_call(name);
            segments.extend(file.segments_with(name).into_iter().filter(calls));
        }
        segments.sort_unstable();
        segments.dedup();
        let calls = segments.into_iter().flat_map(|segment| {
            let root = file.root(segment);
            root.body().calls.iter().map(move |call| root.at(*call))
        });
        let is_called = |call: &Site<'p>| {
            let callee = call
                .child(Field::Function)
                .map(|callee| self.evaluate(callee));
            matches!(callee, Some(Value::Function(called) | Value::Method(called)) if called == function)
        };
        calls.filter(is_called).collect()
    }
}
