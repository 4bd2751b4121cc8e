//! Which file a module's name means, and which name a file's module has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use elsa::sync::FrozenMap;

use super::disk::Found;
use super::flow::reaching;
use super::{Project, Value};
use crate::facts::{BindingKind, BindingSite, FileFacts, Resolution, Site};
use crate::syntax::{CutKind, Field, Kind, Node};

/// What a module's name means in the files of a folder: by the folder and the name.
#[derive(Default)]
pub(super) struct Memo(FrozenMap<Vec<u8>, Box<Located>>);

enum Located {
    File(Arc<FileFacts>),
    /// A folder of the project without `__init__.py`.
    Namespace,
    Nowhere,
}

/// How many re-exports are followed.
const REEXPORTS: usize = 8;

impl Project {
    /// The module's dotted name and the folder that its first part is looked up in. `pkg/__init__.py` is `pkg`.
    pub fn module_name(&self, path: &Path) -> Arc<(String, PathBuf)> {
        self.disk.module_name(path, || self.find_module_name(path))
    }

    fn find_module_name(&self, path: &Path) -> (String, PathBuf) {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let mut parts = if stem == "__init__" {
            Vec::new()
        } else {
            vec![stem]
        };
        let mut folder = path.parent().unwrap_or(Path::new(""));
        while let Some(name) = folder.file_name().and_then(|name| name.to_str())
            && self.has_init(folder)
        {
            parts.push(name);
            folder = folder.parent().unwrap_or(Path::new(""));
        }
        parts.reverse();
        (parts.join("."), folder.to_path_buf())
    }

    fn has_init(&self, folder: &Path) -> bool {
        self.exists(&folder.join("__init__.py")) || self.exists(&folder.join("__init__.pyi"))
    }

    fn exists(&self, path: &Path) -> bool {
        self.open.contains_key(path) || self.disk.look(path) == Found::File
    }

    /// The file of a module, as an import in `from` finds it. None where the project has no such file.
    pub fn module(&self, name: &str, from: &FileFacts) -> Option<&FileFacts> {
        match self.located(name, from) {
            Located::File(file) => Some(file),
            Located::Namespace | Located::Nowhere => None,
        }
    }

    fn located(&self, name: &str, from: &FileFacts) -> &Located {
        // files of one folder find the same
        let folder = from.path().parent().unwrap_or(Path::new(""));
        let mut key = folder.as_os_str().as_encoded_bytes().to_vec();
        key.push(0);
        key.extend_from_slice(name.as_bytes());
        if let Some(known) = self.modules.0.get(&key) {
            return known;
        }
        let found = self.locate(name, from);
        self.modules.0.insert(key, Box::new(found))
    }

    fn locate(&self, name: &str, from: &FileFacts) -> Located {
        let own = self.module_name(from.path());
        let own_root = &own.1;
        let roots = self.disk.roots();
        let sources = roots.iter().map(|root| root.join("src"));
        let candidates = std::iter::once(own_root.clone())
            .chain(roots.iter().cloned())
            .chain(sources);
        let relative: PathBuf = name.split('.').collect();
        let file = candidates
            .into_iter()
            .find_map(|root| self.module_at(&root.join(&relative)));
        match file {
            Some(file) => Located::File(file),
            None if self.disk.look(&own_root.join(relative)) == Found::Folder => Located::Namespace,
            None => Located::Nowhere,
        }
    }

    fn module_at(&self, base: &Path) -> Option<Arc<FileFacts>> {
        let init = base.join("__init__.py");
        let file = base.with_extension("py");
        let path = if self.exists(&init) {
            init
        } else if self.exists(&file) {
            file
        } else {
            return None;
        };
        self.shared_file(&path)
    }

    /// Whether a dotted name is a folder of the project without `__init__.py`: a namespace package.
    fn is_namespace(&self, name: &str, from: &FileFacts) -> bool {
        matches!(self.located(name, from), Located::Namespace)
    }

    /// The absolute name of the module that a `from` statement names.
    pub fn module_of_import(&self, statement: Site<'_>) -> Option<String> {
        let module = statement.node.child(Field::ModuleName)?;
        if module.kind() == Kind::DottedName {
            return Some(dotted(module));
        }
        let dots = module
            .child_of(Kind::ImportPrefix)
            .map_or(0, |prefix| prefix.text().matches('.').count());
        let module_name = self.module_name(statement.file.path());
        let own = &module_name.0;
        let is_package = statement
            .file
            .path()
            .file_stem()
            .is_some_and(|stem| stem == "__init__");
        let mut parts: Vec<&str> = own.split('.').filter(|part| !part.is_empty()).collect();
        let up = dots - usize::from(is_package && dots > 0);
        if up > parts.len() {
            return None;
        }
        parts.truncate(parts.len() - up);
        let rest = module.child_of(Kind::DottedName).map(dotted);
        Some(
            parts
                .into_iter()
                .map(str::to_string)
                .chain(rest)
                .collect::<Vec<_>>()
                .join("."),
        )
    }

    /// Where a file, when it is executed, surely imports another of the project: the first statement on its top level that names it.
    pub fn importing<'p>(&'p self, file: &'p FileFacts, other: &FileFacts) -> Option<Site<'p>> {
        let is_other = |name: &str| {
            let module = self.module(name, file);
            module.is_some_and(|module| std::ptr::eq(module, other))
        };
        let names_other = |statement: Site<'p>| match statement.node.kind() {
            Kind::Import => statement.node.children().any(|name| {
                let name = name.child(Field::Name).unwrap_or(name);
                is_other(&dotted(name))
            }),
            _ => self.module_of_import(statement).is_some_and(|module| {
                let mut names = statement.node.children().skip(1);
                is_other(&module)
                    || names.any(|name| {
                        let name = name.child(Field::Name).unwrap_or(name);
                        is_other(&format!("{module}.{}", dotted(name)))
                    })
            }),
        };
        let stem = other.path().file_stem()?.to_str()?;
        let stem = if stem == "__init__" {
            other.path().parent()?.file_name()?.to_str()?
        } else {
            stem
        };
        (0..file.len())
            .filter(|&segment| {
                let facts = file.segment(segment);
                facts.kind() == CutKind::Item && facts.mentions(stem)
            })
            .flat_map(|segment| {
                let root = file.root(segment);
                root.node.children().map(move |node| root.with(node))
            })
            .find(|site| {
                matches!(site.node.kind(), Kind::Import | Kind::ImportFrom) && names_other(*site)
            })
    }

    /// What an import binds.
    pub(super) fn imported<'p>(
        &'p self,
        kind: BindingKind,
        value: Site<'p>,
        depth: usize,
    ) -> Value<'p> {
        match kind {
            BindingKind::Import => {
                let first = value
                    .node
                    .children()
                    .next()
                    .map(Node::text)
                    .unwrap_or_default();
                self.module_value(first.to_string(), value.file)
            }
            BindingKind::ImportAs => {
                let name = value
                    .node
                    .child(Field::Name)
                    .map(dotted)
                    .unwrap_or_default();
                self.module_value(name, value.file)
            }
            _ => {
                let name = value.node.child(Field::Name).unwrap_or(value.node).text();
                let Some(statement) = value.node.parent().map(|node| value.with(node)) else {
                    return Value::Unknown;
                };
                let Some(module) = self.module_of_import(statement) else {
                    return Value::Unknown;
                };
                let of_itself = self.module(&module, value.file);
                // `from . import part` in `__init__.py`: what the package has of that name is this import's
                if of_itself.is_some_and(|file| std::ptr::eq(file, value.file))
                    && let Some(part) = self.module(&format!("{module}.{name}"), value.file)
                {
                    return Value::Module(part);
                }
                self.member_of_module(&module, name, value.file, depth)
            }
        }
    }

    /// What a name in an import statement stands for there: the `a` and the `b` of `import a.b`, the `c` and the `d` of `from a import c as d`. None for other names.
    pub fn value_of_imported_name<'p>(&'p self, name: Site<'p>) -> Option<Value<'p>> {
        let parent = name.node.parent()?;
        let item = match parent.kind() {
            Kind::DottedName => parent,
            Kind::AliasedImport => parent.child(Field::Name)?,
            _ => return None,
        };
        let words: Vec<&str> = item
            .children()
            .take_while(|word| item != parent || word.id() <= name.node.id())
            .map(Node::text)
            .collect();
        let words = words.join(".");
        let mut holders = item.ancestors();
        let holder = holders.find(|node| node.kind() != Kind::AliasedImport)?;
        match holder.kind() {
            Kind::Import => Some(self.module_value(words, name.file)),
            Kind::ImportFrom if item.field() == Field::ModuleName => {
                Some(self.module_value(words, name.file))
            }
            Kind::ImportFrom => {
                let module = self.module_of_import(name.with(holder));
                Some(module.map_or(Value::Unknown, |module| {
                    self.member_of_module(&module, &words, name.file, 0)
                }))
            }
            Kind::RelativeImport => Some(Value::Unknown),
            _ => None,
        }
    }

    fn module_value<'p>(&'p self, name: String, from: &'p FileFacts) -> Value<'p> {
        match self.module(&name, from) {
            Some(file) => Value::Module(file),
            None if self.is_namespace(&name, from) => Value::Namespace(name.into(), from),
            None => Value::External(name.into()),
        }
    }

    /// `name` of the module `module`, as `from` sees it.
    fn member_of_module<'p>(
        &'p self,
        module: &str,
        name: &str,
        from: &'p FileFacts,
        depth: usize,
    ) -> Value<'p> {
        if depth > REEXPORTS * 2 {
            return Value::Unknown;
        }
        match self.module(module, from) {
            Some(file) => self.member_of_file(file, name, depth + 1),
            None => match self.module(&format!("{module}.{name}"), from) {
                Some(file) => Value::Module(file),
                None if self.is_namespace(module, from) => Value::Unknown,
                None => Value::External(format!("{module}.{name}").into()),
            },
        }
    }

    /// What a name of a file's module denotes.
    pub fn value_of_module_name<'p>(&'p self, file: &'p FileFacts, name: &str) -> Value<'p> {
        self.member_of_file(file, name, 0)
    }

    /// What a dotted name denotes in a file's module.
    pub(super) fn value_of_dotted<'p>(&'p self, file: &'p FileFacts, dotted: &str) -> Value<'p> {
        let mut parts = dotted.split('.');
        let first = self.value_of_module_name(file, parts.next().unwrap_or_default());
        parts.fold(first, |value, part| self.member(value, part))
    }

    /// A member of a module or a class.
    pub(super) fn member<'p>(&'p self, value: Value<'p>, name: &str) -> Value<'p> {
        match value {
            Value::Module(file) => self.member_of_file(file, name, 0),
            Value::External(outer) => Value::External(format!("{outer}.{name}").into()),
            Value::Class(class) => self.class_attribute(class, name, 0),
            _ => Value::Unknown,
        }
    }

    /// A name of a module of the project: bound there, a submodule, or from a star import.
    pub(super) fn member_of_file<'p>(
        &'p self,
        file: &'p FileFacts,
        name: &str,
        depth: usize,
    ) -> Value<'p> {
        if depth > REEXPORTS * 2 {
            return Value::Unknown;
        }
        let bindings = file.module_bindings(name);
        if !bindings.is_empty() {
            return self.value_of_bindings(&bindings, None, depth + 1);
        }
        let module_name = self.module_name(file.path());
        let own = &module_name.0;
        let is_package = file
            .path()
            .file_stem()
            .is_some_and(|stem| stem == "__init__");
        if is_package && let Some(submodule) = self.module(&format!("{own}.{name}"), file) {
            return Value::Module(submodule);
        }
        self.through_star_imports(file, name, depth + 1)
    }

    /// A name that a star import brings in. Private names come only through `__all__`.
    pub(super) fn through_star_imports<'p>(
        &'p self,
        file: &'p FileFacts,
        name: &str,
        depth: usize,
    ) -> Value<'p> {
        if depth > REEXPORTS * 2 {
            return Value::Unknown;
        }
        for statement in file.star_imports() {
            let Some(module) = self.module_of_import(statement) else {
                continue;
            };
            let Some(target) = self
                .module(&module, file)
                .filter(|target| !std::ptr::eq(*target, file))
            else {
                continue;
            };
            if exports(target, name) {
                let value = self.member_of_file(target, name, depth + 1);
                if !matches!(value, Value::Unknown) {
                    return value;
                }
            }
        }
        Value::Unknown
    }
}

impl Project {
    /// The statement that gives a name its only value: an assignment, a definition; through imports from the project's files.
    pub fn defined_at<'p>(&'p self, name: Site<'p>) -> Option<Site<'p>> {
        let only = self.bound_at(name)?;
        match only.binding.kind {
            BindingKind::Function | BindingKind::Class => only.value(),
            _ => {
                only.value()?;
                let statement =
                    only.name.node.ancestors().find(|node| {
                        matches!(node.kind(), Kind::Assignment | Kind::NamedExpression)
                    });
                statement.map(|statement| only.name.with(statement))
            }
        }
    }

    /// The one binding that a name is read from; through imports from the project's files.
    pub fn bound_at<'p>(&'p self, name: Site<'p>) -> Option<BindingSite<'p>> {
        let mut bindings = match name.resolve() {
            Resolution::Local(bindings) | Resolution::Module(bindings) => bindings,
            Resolution::Free => return None,
        };
        for _ in 0..REEXPORTS {
            let reached = reaching(&bindings, Some(name));
            let [only] = reached[..] else { return None };
            if only.binding.kind != BindingKind::FromImport {
                return Some(only);
            }
            let value = only.value()?;
            let imported = value.node.child(Field::Name).unwrap_or(value.node).text();
            let module = self.module_of_import(value.with(value.node.parent()?))?;
            bindings = self.module(&module, value.file)?.module_bindings(imported);
        }
        None
    }
}

/// Whether `from module import *` brings a name: it is in `__all__`, or there is no `__all__` and it is public.
fn exports(module: &FileFacts, name: &str) -> bool {
    let all = module.module_bindings("__all__");
    if all.is_empty() {
        return !name.starts_with('_');
    }
    all.iter()
        .filter_map(|binding| binding.value())
        .any(|value| {
            let literals = value
                .node
                .with_descendants()
                .filter(|node| node.kind() == Kind::String);
            literals
                .into_iter()
                .any(|literal| literal.text().trim_matches(['"', '\'']) == name)
        })
}

/// The text of a dotted name, blanks left out.
pub(super) fn dotted(node: Node<'_>) -> String {
    node.text().chars().filter(|c| !c.is_whitespace()).collect()
}
