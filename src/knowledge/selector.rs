//! Hover selectors: which constructs of the code a concept card answers on. The table in `knowledge/README.md` says what each matches.

use serde::Deserialize;

/// One line of a card's `hover:` list; equally, one thing that a construct in the code is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selector {
    /// A call of a qualified name; in a card the name may end in `.*`.
    Call(String),
    /// Any mention of a qualified name; in a card the name may end in `.*`.
    Name(String),
    /// A call of a method of that name on a receiver whose type is unknowable or built in; in a card, of a method `a.b.Class.method` on a receiver whose type is
    /// unknowable or that class or one that derives from it.
    Method(String),
    /// The keyword of an argument in a call of a qualified name: `typing.TypeVar.covariant`.
    Argument(String),
    /// A keyword token, one of [`KEYWORDS`].
    Keyword(String),
    /// The definition or assignment of a dunder name in a class body, or an attribute of that name; of those names that mean something to a module, also on its
    /// top level.
    Dunder(String),
    /// A decorator, by its qualified name.
    Decorator(String),
    /// A keyword in a class statement, and its value.
    ClassKeyword(String),
    /// A class that has this one, a qualified name, anywhere in its MRO.
    Base(String),
    /// The shape of a parameter.
    Parameter(Parameter),
    /// A recognised design.
    Shape(Shape),
    /// An operator token, one of [`OPERATORS`].
    Operator(String),
    /// A literal or display, one of [`LITERALS`].
    Literal(String),
    /// A comment that tells a tool something, one of [`COMMENTS`].
    Comment(String),
    /// A comprehension.
    Comprehension(Comprehension),
    /// The file itself, by its name.
    File(String),
}

/// Shapes of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameter {
    MutableDefault,
    StarArgs,
    KeywordOnly,
    PositionalOnly,
}

/// Recognised designs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    SingletonNew,
    SingletonMetaclass,
    SingletonDecorator,
    SingletonModule,
    Borg,
    RegistryMetaclass,
    ValidatingMetaclass,
    DescriptorClass,
    DataDescriptor,
    IteratorClass,
    ContextManagerClass,
    GeneratorFunction,
    AsyncGeneratorFunction,
    CoroutineFunction,
    Closure,
    LoopClosure,
    DecoratorFunction,
    DecoratorFactory,
    DecoratorClass,
    Memoizer,
    Factory,
    Strategy,
    LruCacheClass,
    Observer,
    Diamond,
    SeveralBases,
    MutableClassAttribute,
    TypeComparison,
    DynamicClass,
    IntegerIdentity,
    StringIdentity,
    ReceivingYield,
}

/// Kinds of comprehensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comprehension {
    List,
    Set,
    Dict,
    Generator,
}

/// What `keyword:` may name. Of several words (`yield from`) each answers; `except:` is the one that catches everything.
pub const KEYWORDS: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "case",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "except:",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "import *",
    "in",
    "is",
    "lambda",
    "match",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "type",
    "while",
    "with",
    "yield",
    "yield from",
];

/// What `operator:` may name.
pub const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "//", "%", "**", "@", "<<", ">>", "&", "|", "^", "~", "<", ">", "<=", ">=",
    "==", "!=", "is", "is not", "in", "not in", "not", "and", "or", ":=", "+=", "-=", "*=", "/=",
    "//=", "%=", "**=", "@=", "<<=", ">>=", "&=", "|=", "^=",
];

/// What `literal:` may name.
pub const LITERALS: &[&str] = &[
    "string", "f-string", "t-string", "bytes", "integer", "float", "complex", "list", "dict",
    "set", "tuple", "ellipsis", "slice",
];

/// What `comment:` may name: the word that the comment begins with; `type` only in `# type: ignore`.
pub const COMMENTS: &[&str] = &[
    "fmt",
    "isort",
    "marginote",
    "mypy",
    "noqa",
    "pylint",
    "pyright",
    "type",
];

impl Selector {
    /// The closed list that the word must come from, with the word. None for selectors that name what code defines.
    pub(super) fn closed(&self) -> Option<(&str, &'static [&'static str])> {
        match self {
            Selector::Keyword(word) => Some((word, KEYWORDS)),
            Selector::Operator(word) => Some((word, OPERATORS)),
            Selector::Literal(word) => Some((word, LITERALS)),
            Selector::Comment(word) => Some((word, COMMENTS)),
            _ => None,
        }
    }

    /// What a card's selector answers on: itself, and `a.b.Class.method` also where nobody knows whose method it is.
    pub(super) fn constructs(&self) -> Vec<Selector> {
        let mut constructs = vec![self.clone()];
        if let Selector::Method(name) = self
            && let Some((_, method)) = name.rsplit_once('.')
        {
            constructs.push(Selector::Method(method.to_string()));
        }
        constructs
    }

    /// The patterns that match this construct, the most specific first: itself, then for a call or a name `a.b.c` also `a.b.*` and `a.*`.
    pub(super) fn patterns(&self) -> Vec<Selector> {
        let mut patterns = vec![self.clone()];
        let (name, build): (&str, fn(String) -> Selector) = match self {
            Selector::Call(name) => (name, Selector::Call),
            Selector::Name(name) => (name, Selector::Name),
            _ => return patterns,
        };
        let dots = name.match_indices('.').rev();
        patterns.extend(dots.map(|(dot, _)| build(format!("{}.*", &name[..dot]))));
        patterns
    }
}
