//! What is known of classes outside of the project: the standard library's bases and metaclasses, and the metaclasses of a few large packages.
//!
//! The tables were made by importing every module of the standard library of CPython 3.11 and asking its classes.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

type Table = FxHashMap<&'static str, Vec<&'static str>>;

/// Metaclasses of other packages' classes, and the bases of those metaclasses.
const PACKAGES: &str = "\
django.db.models.Model django.db.models.base.ModelBase
django.db.models.base.Model django.db.models.base.ModelBase
django.forms.Form django.forms.forms.DeclarativeFieldsMetaclass
django.forms.forms.Form django.forms.forms.DeclarativeFieldsMetaclass
django.forms.ModelForm django.forms.models.ModelFormMetaclass
django.forms.models.ModelForm django.forms.models.ModelFormMetaclass
pydantic.BaseModel pydantic._internal._model_construction.ModelMetaclass
pydantic.main.BaseModel pydantic._internal._model_construction.ModelMetaclass
sqlalchemy.orm.DeclarativeBase sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept
PyQt5.QtCore.QObject sip.wrappertype
PyQt5.QtWidgets.QWidget sip.wrappertype
PyQt5.QtWidgets.QMainWindow sip.wrappertype
PyQt5.QtWidgets.QDialog sip.wrappertype
PyQt6.QtCore.QObject sip.wrappertype
PyQt6.QtWidgets.QWidget sip.wrappertype
PyQt6.QtWidgets.QMainWindow sip.wrappertype
PyQt6.QtWidgets.QDialog sip.wrappertype
PySide6.QtCore.QObject Shiboken.ObjectType
PySide6.QtWidgets.QWidget Shiboken.ObjectType
";

const PACKAGE_METACLASSES: &str = "\
django.db.models.base.ModelBase builtins.type
django.forms.forms.DeclarativeFieldsMetaclass django.forms.widgets.MediaDefiningClass
django.forms.widgets.MediaDefiningClass builtins.type
django.forms.models.ModelFormMetaclass django.forms.forms.DeclarativeFieldsMetaclass
pydantic._internal._model_construction.ModelMetaclass abc.ABCMeta
sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept builtins.type
sip.wrappertype builtins.type
Shiboken.ObjectType builtins.type
";

fn table(texts: &[&'static str]) -> Table {
    let lines = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.collect()))
        })
        .collect()
}

fn classes() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| table(&[include_str!("stdlib_classes.txt"), PACKAGE_METACLASSES]))
}

fn metaclasses() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| table(&[include_str!("stdlib_metaclasses.txt"), PACKAGES]))
}

/// A built-in class's name as the tables spell it: without its module.
fn spelled(name: &str) -> &str {
    name.strip_prefix("builtins.").unwrap_or(name)
}

/// Whether the standard library has a class of this qualified name.
pub(super) fn is_class(name: &str) -> bool {
    classes().contains_key(spelled(name)) || matches!(spelled(name), "object" | "type")
}

/// The qualified names of a class's bases; empty for one that derives from `object` alone. None where the class is not known.
pub(super) fn bases(name: &str) -> Option<&'static [&'static str]> {
    if matches!(spelled(name), "object") {
        return Some(&[]);
    }
    classes().get(spelled(name)).map(Vec::as_slice)
}

/// The qualified name of a class's metaclass. None where the class is not known.
pub(super) fn metaclass(name: &str) -> Option<&'static str> {
    match metaclasses().get(spelled(name)) {
        Some(found) => found.first().copied(),
        None => is_class(name).then_some("builtins.type"),
    }
}
