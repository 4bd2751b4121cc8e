//! SNG010 new-init-mismatch. Card: knowledge/rules/SNG010-new-init-mismatch.md

use crate::facts::{BindingKind, Resolution, Site};
use crate::project::{Class, Fit, Maker, Making};
use crate::rules::expected::is_any_expected;
use crate::rules::{Context, Findings, Rule, Severity};
use crate::syntax::{Field, Kind};

pub const RULE: Rule = Rule {
    code: "SNG010",
    name: "new-init-mismatch",
    check,
};

fn check(cx: &Context<'_>, out: &mut Findings) {
    for class in cx.project.made_by_two() {
        for call in cx.project.constructions_in(cx.file, class) {
            if !is_any_expected(call)
                && is_named(call)
                && cx.project.keeps_bases(class)
                && let Some(making) = cx.project.making(class)
            {
                check_call(cx, class, making, call, out);
            }
        }
    }
}

/// Whether the class is named by its own name or through its module: `self.kind(…)` may be another's in a subclass.
fn is_named(call: Site<'_>) -> bool {
    let mut named = call.child(Field::Function);
    while let Some(object) = named.and_then(|named| named.child(Field::Object)) {
        named = Some(object);
    }
    let Some(root) = named.filter(|root| root.node.kind() == Kind::Name) else {
        return false;
    };
    match root.resolve() {
        Resolution::Local(bindings) => bindings
            .iter()
            .all(|binding| binding.binding.kind != BindingKind::Parameter),
        _ => true,
    }
}

fn check_call<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    making: Making<'p>,
    call: Site<'p>,
    out: &mut Findings,
) {
    let (name, init) = (class.name(), making.init);
    let of_init = init.class().map_or(name, Class::name);
    let of_new = match making.new {
        Maker::Known(new) => new.class().map_or(name, Class::name),
        Maker::Builtin(builtin) => builtin.trim_start_matches("builtins."),
    };
    let (new_name, init_name) = (format!("{of_new}.__new__"), format!("{of_init}.__init__"));
    let (refusing, other, why) = match (making.new_takes(call.node), init.fit(1, call.node)) {
        (Fit::Refused(why), Fit::Fits) => (new_name, init_name, why),
        // what is no instance of the class does not get to `__init__`
        (Fit::Fits, Fit::Refused(why)) if cx.project.gives_own_object(class, making.new) => {
            (init_name, new_name, why)
        }
        _ => return,
    };
    let message = format!(
        "a construction hands the same arguments to `__new__` and `__init__`: `{other}` takes these, `{refusing}` {why}, so `{name}(…)` raises TypeError; \
         give both the same parameters, or write only one of them"
    );
    let finding = out.report(&RULE, Severity::Error, cx.file, call.range(), message);
    if let Maker::Known(new) = making.new {
        finding.evidence_at(new.site.file, new.header(), "gets the arguments first");
    }
    finding.evidence_at(
        init.site.file,
        init.header(),
        "gets the same arguments then",
    );
}
