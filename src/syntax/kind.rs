//! The kinds of nodes, fields and operators that the facts know, and how tree-sitter-python names them.

use std::sync::OnceLock;

/// What a node is. Named as the Python language reference names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    Module,
    // statements and their clauses
    FunctionDef,
    ClassDef,
    Decorated,
    Decorator,
    Block,
    ExpressionStatement,
    Assignment,
    AugmentedAssignment,
    Return,
    Delete,
    Raise,
    Assert,
    Pass,
    Break,
    Continue,
    Global,
    Nonlocal,
    Import,
    ImportFrom,
    WildcardImport,
    AliasedImport,
    DottedName,
    RelativeImport,
    ImportPrefix,
    If,
    ElifClause,
    ElseClause,
    While,
    For,
    Try,
    ExceptClause,
    FinallyClause,
    With,
    WithItem,
    Match,
    CaseClause,
    CasePattern,
    TypeAlias,
    // parameters
    Parameters,
    DefaultParameter,
    TypedParameter,
    TypedDefaultParameter,
    SplatPattern,
    DictSplatPattern,
    KeywordSeparator,
    PositionalSeparator,
    Annotation,
    // expressions
    Name,
    Integer,
    Float,
    String,
    ConcatenatedString,
    Interpolation,
    True,
    False,
    None,
    Ellipsis,
    List,
    Tuple,
    Set,
    Dict,
    Pair,
    ListComprehension,
    SetComprehension,
    DictComprehension,
    GeneratorExpression,
    ForInClause,
    IfClause,
    Call,
    ArgumentList,
    KeywordArgument,
    ListSplat,
    DictSplat,
    Attribute,
    Subscript,
    Slice,
    BinaryOperation,
    UnaryOperation,
    BooleanOperation,
    NotOperation,
    Comparison,
    Conditional,
    Lambda,
    Await,
    Yield,
    NamedExpression,
    Parenthesized,
    AsPattern,
    AsPatternTarget,
    PatternList,
    ExpressionList,
    Comment,
    /// Something tree-sitter could not make sense of, or had to invent.
    Error,
    /// Named, and of no interest to any rule.
    Other,
}

/// The part that a node plays in its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    None,
    Name,
    Body,
    Parameters,
    ReturnType,
    Superclasses,
    Function,
    Arguments,
    Object,
    Attribute,
    Value,
    Subscript,
    Left,
    Right,
    Type,
    Condition,
    Consequence,
    Alternative,
    Definition,
    Key,
    Argument,
    Alias,
    ModuleName,
    Cause,
    Guard,
    Subject,
    Other,
}

/// The operator of an operation, comparison or augmented assignment; or a keyword that changes what a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Op {
    None,
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    MatMul,
    BitAnd,
    BitOr,
    BitXor,
    Shift,
    Invert,
    And,
    Or,
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    In,
    NotIn,
    Is,
    IsNot,
    /// A comparison of more than two operands.
    Chain,
    /// `async` before `def`, `for` or `with`.
    Async,
    /// `from` after `yield`.
    From,
}

const KINDS: &[(&str, Kind)] = &[
    ("module", Kind::Module),
    ("function_definition", Kind::FunctionDef),
    ("class_definition", Kind::ClassDef),
    ("decorated_definition", Kind::Decorated),
    ("decorator", Kind::Decorator),
    ("block", Kind::Block),
    ("expression_statement", Kind::ExpressionStatement),
    ("assignment", Kind::Assignment),
    ("augmented_assignment", Kind::AugmentedAssignment),
    ("return_statement", Kind::Return),
    ("delete_statement", Kind::Delete),
    ("raise_statement", Kind::Raise),
    ("assert_statement", Kind::Assert),
    ("pass_statement", Kind::Pass),
    ("break_statement", Kind::Break),
    ("continue_statement", Kind::Continue),
    ("global_statement", Kind::Global),
    ("nonlocal_statement", Kind::Nonlocal),
    ("import_statement", Kind::Import),
    ("import_from_statement", Kind::ImportFrom),
    ("future_import_statement", Kind::Other),
    ("wildcard_import", Kind::WildcardImport),
    ("aliased_import", Kind::AliasedImport),
    ("dotted_name", Kind::DottedName),
    ("relative_import", Kind::RelativeImport),
    ("import_prefix", Kind::ImportPrefix),
    ("if_statement", Kind::If),
    ("elif_clause", Kind::ElifClause),
    ("else_clause", Kind::ElseClause),
    ("while_statement", Kind::While),
    ("for_statement", Kind::For),
    ("try_statement", Kind::Try),
    ("except_clause", Kind::ExceptClause),
    ("finally_clause", Kind::FinallyClause),
    ("with_statement", Kind::With),
    ("with_item", Kind::WithItem),
    ("match_statement", Kind::Match),
    ("case_clause", Kind::CaseClause),
    ("case_pattern", Kind::CasePattern),
    ("type_alias_statement", Kind::TypeAlias),
    ("parameters", Kind::Parameters),
    ("lambda_parameters", Kind::Parameters),
    ("default_parameter", Kind::DefaultParameter),
    ("typed_parameter", Kind::TypedParameter),
    ("typed_default_parameter", Kind::TypedDefaultParameter),
    ("list_splat_pattern", Kind::SplatPattern),
    ("dictionary_splat_pattern", Kind::DictSplatPattern),
    ("keyword_separator", Kind::KeywordSeparator),
    ("positional_separator", Kind::PositionalSeparator),
    ("type", Kind::Annotation),
    ("identifier", Kind::Name),
    ("integer", Kind::Integer),
    ("float", Kind::Float),
    ("string", Kind::String),
    ("concatenated_string", Kind::ConcatenatedString),
    ("interpolation", Kind::Interpolation),
    ("true", Kind::True),
    ("false", Kind::False),
    ("none", Kind::None),
    ("ellipsis", Kind::Ellipsis),
    ("list", Kind::List),
    ("list_pattern", Kind::List),
    ("tuple", Kind::Tuple),
    ("tuple_pattern", Kind::Tuple),
    ("set", Kind::Set),
    ("dictionary", Kind::Dict),
    ("pair", Kind::Pair),
    ("list_comprehension", Kind::ListComprehension),
    ("set_comprehension", Kind::SetComprehension),
    ("dictionary_comprehension", Kind::DictComprehension),
    ("generator_expression", Kind::GeneratorExpression),
    ("for_in_clause", Kind::ForInClause),
    ("if_clause", Kind::IfClause),
    ("call", Kind::Call),
    ("argument_list", Kind::ArgumentList),
    ("keyword_argument", Kind::KeywordArgument),
    ("list_splat", Kind::ListSplat),
    ("parenthesized_list_splat", Kind::ListSplat),
    ("dictionary_splat", Kind::DictSplat),
    ("attribute", Kind::Attribute),
    ("subscript", Kind::Subscript),
    ("slice", Kind::Slice),
    ("binary_operator", Kind::BinaryOperation),
    ("unary_operator", Kind::UnaryOperation),
    ("boolean_operator", Kind::BooleanOperation),
    ("not_operator", Kind::NotOperation),
    ("comparison_operator", Kind::Comparison),
    ("conditional_expression", Kind::Conditional),
    ("lambda", Kind::Lambda),
    ("await", Kind::Await),
    ("yield", Kind::Yield),
    ("named_expression", Kind::NamedExpression),
    ("parenthesized_expression", Kind::Parenthesized),
    ("as_pattern", Kind::AsPattern),
    ("as_pattern_target", Kind::AsPatternTarget),
    ("pattern_list", Kind::PatternList),
    ("expression_list", Kind::ExpressionList),
    ("comment", Kind::Comment),
];

const FIELDS: &[(&str, Field)] = &[
    ("name", Field::Name),
    ("body", Field::Body),
    ("parameters", Field::Parameters),
    ("return_type", Field::ReturnType),
    ("superclasses", Field::Superclasses),
    ("function", Field::Function),
    ("arguments", Field::Arguments),
    ("object", Field::Object),
    ("attribute", Field::Attribute),
    ("value", Field::Value),
    ("subscript", Field::Subscript),
    ("left", Field::Left),
    ("right", Field::Right),
    ("type", Field::Type),
    ("condition", Field::Condition),
    ("consequence", Field::Consequence),
    ("alternative", Field::Alternative),
    ("definition", Field::Definition),
    ("key", Field::Key),
    ("argument", Field::Argument),
    ("alias", Field::Alias),
    ("module_name", Field::ModuleName),
    ("cause", Field::Cause),
    ("guard", Field::Guard),
    ("subject", Field::Subject),
];

const OPS: &[(&str, Op)] = &[
    ("+", Op::Add),
    ("+=", Op::Add),
    ("-", Op::Sub),
    ("-=", Op::Sub),
    ("*", Op::Mul),
    ("*=", Op::Mul),
    ("/", Op::Div),
    ("/=", Op::Div),
    ("//", Op::FloorDiv),
    ("//=", Op::FloorDiv),
    ("%", Op::Mod),
    ("%=", Op::Mod),
    ("**", Op::Pow),
    ("**=", Op::Pow),
    ("@", Op::MatMul),
    ("@=", Op::MatMul),
    ("&", Op::BitAnd),
    ("&=", Op::BitAnd),
    ("|", Op::BitOr),
    ("|=", Op::BitOr),
    ("^", Op::BitXor),
    ("^=", Op::BitXor),
    ("<<", Op::Shift),
    ("<<=", Op::Shift),
    (">>", Op::Shift),
    (">>=", Op::Shift),
    ("~", Op::Invert),
    ("and", Op::And),
    ("or", Op::Or),
    ("==", Op::Eq),
    ("!=", Op::NotEq),
    ("<>", Op::NotEq),
    ("<", Op::Less),
    ("<=", Op::LessEq),
    (">", Op::Greater),
    (">=", Op::GreaterEq),
    ("in", Op::In),
    ("not in", Op::NotIn),
    ("is", Op::Is),
    ("is not", Op::IsNot),
    ("async", Op::Async),
    ("from", Op::From),
];

/// tree-sitter's numbers for kinds, fields and operator tokens, as ours.
pub(super) struct Grammar {
    kinds: Vec<Kind>,
    fields: Vec<Field>,
    ops: Vec<Op>,
}

impl Grammar {
    pub(super) fn get() -> &'static Grammar {
        static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
        GRAMMAR.get_or_init(|| {
            let language: tree_sitter::Language = tree_sitter_python::LANGUAGE.into();
            let names = 0..language.node_kind_count() as u16;
            let name = |id: u16| language.node_kind_for_id(id).unwrap_or_default();
            let kind = |id: u16| {
                KINDS
                    .iter()
                    .find(|(n, _)| language.node_kind_is_named(id) && *n == name(id))
                    .map_or(Kind::Other, |(_, kind)| *kind)
            };
            let op = |id: u16| {
                OPS.iter()
                    .find(|(n, _)| !language.node_kind_is_named(id) && *n == name(id))
                    .map_or(Op::None, |(_, op)| *op)
            };
            let field = |id: u16| {
                let name = language.field_name_for_id(id).unwrap_or_default();
                FIELDS
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map_or(Field::Other, |(_, field)| *field)
            };
            Grammar {
                kinds: names.clone().map(kind).collect(),
                ops: names.map(op).collect(),
                fields: (0..=language.field_count() as u16).map(field).collect(),
            }
        })
    }

    pub(super) fn kind(&self, id: u16) -> Kind {
        self.kinds
            .get(usize::from(id))
            .copied()
            .unwrap_or(Kind::Error)
    }

    pub(super) fn op(&self, id: u16) -> Op {
        self.ops.get(usize::from(id)).copied().unwrap_or(Op::None)
    }

    pub(super) fn field(&self, id: Option<std::num::NonZeroU16>) -> Field {
        id.and_then(|id| self.fields.get(usize::from(id.get())).copied())
            .unwrap_or(Field::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_tables_is_the_grammars() {
        let language: tree_sitter::Language = tree_sitter_python::LANGUAGE.into();
        for (name, _) in KINDS {
            assert_ne!(language.id_for_node_kind(name, true), 0, "no kind {name}");
        }
        for (name, _) in FIELDS {
            assert!(
                language.field_id_for_name(name).is_some(),
                "no field {name}"
            );
        }
        for (name, _) in OPS {
            assert_ne!(language.id_for_node_kind(name, false), 0, "no token {name}");
        }
    }
}
