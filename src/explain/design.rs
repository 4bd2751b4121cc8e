//! What a recognised design means in the user's project, in a sentence, with names and places.

use super::escape;

/// How many places a sentence names.
const PLACES: usize = 3;

/// A design, by the names and the places that the user's code has. Places are in words, such as `line 7` or `app.py line 7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// The class or the function.
    pub name: String,
    pub kind: DesignKind,
}

/// What kind of design it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesignKind {
    /// A class with one instance.
    Singleton {
        home: Home,
        /// Whether each subclass keeps one of its own.
        per_class: bool,
        constructed: Vec<String>,
        /// The method that is asked for the instance, and the places that do.
        asked: Option<(String, Vec<String>)>,
    },
    /// A function that hands out one instance.
    Accessor { home: Home, asked: Vec<String> },
    /// A metaclass or decorator that makes singletons of classes.
    SingletonMaker { home: Home, classes: Vec<String> },
    /// A class whose objects all have the same attributes.
    SharedState {
        home: Home,
        constructed: Vec<String>,
    },
    /// A metaclass that keeps the classes that it makes.
    Registry { home: Home, classes: Vec<String> },
    /// A metaclass that refuses classes.
    Validation {
        raises: String,
        classes: Vec<String>,
    },
    /// A class whose objects answer for attributes of other classes.
    Descriptor {
        /// Whether it comes before what the instance holds: the method that makes it so.
        data: Option<&'static str>,
        /// The attributes that are such objects.
        attributes: Vec<String>,
    },
}

/// Where something is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// `Config._instance`.
    pub name: String,
    /// The place in words.
    pub place: String,
}

impl Home {
    fn words(&self) -> String {
        format!("`{}` ({})", self.name, self.place)
    }
}

/// The sentence, as Markdown.
pub(super) fn sentence(design: &Design) -> String {
    escape::message(&words(design))
}

/// The sentence; names in it stand between backticks.
fn words(design: &Design) -> String {
    let name = format!("`{}`", design.name);
    match &design.kind {
        DesignKind::Singleton {
            home,
            per_class,
            constructed,
            asked,
        } => {
            let home = home.words();
            let constructing = match asked {
                None => count(constructed, "constructs it", "construct it"),
                Some((method, places)) => {
                    let asks = format!("asks `{method}` for it");
                    let ask = format!("ask `{method}` for it");
                    format!(
                        "{}, {}",
                        count(places, &asks, &ask),
                        count(constructed, "constructs another", "construct others")
                    )
                }
            };
            let own = match per_class {
                true => " Each subclass gets an instance of its own.",
                false => "",
            };
            format!(
                "{name} is a singleton: its one instance lives in {home} and {constructing}.{own}"
            )
        }
        DesignKind::Accessor { home, asked } => format!(
            "{name} hands out one instance, which lives in {}; {}.",
            home.words(),
            count(asked, "asks for it", "ask for it")
        ),
        DesignKind::SingletonMaker { home, classes } => format!(
            "{name} makes singletons: the instances live in {}; {}.",
            home.words(),
            classes_of(classes)
        ),
        DesignKind::SharedState { home, constructed } => format!(
            "The objects of {name} all have one `__dict__`, which lives in {}; {}.",
            home.words(),
            count(constructed, "constructs one", "construct one")
        ),
        DesignKind::Registry { home, classes } => format!(
            "{name} keeps the classes that it makes in {}; {}.",
            home.words(),
            classes_of(classes)
        ),
        DesignKind::Validation { raises, classes } => format!(
            "{name} looks at each class that it makes, and raises ({}) for one that does not fit; {}.",
            raises,
            classes_of(classes)
        ),
        DesignKind::Descriptor { data, attributes } => {
            let kind = match data {
                Some(method) => format!("a data descriptor, because it defines `{method}`"),
                None => "a non-data descriptor: what the instance holds comes first".to_owned(),
            };
            let attributes = match attributes.len() {
                0 => "no class attribute holds one".to_owned(),
                1 => format!("one class attribute holds one{}", listed(attributes)),
                count => format!("{count} class attributes hold one{}", listed(attributes)),
            };
            format!("{name} is {kind}; {attributes}.")
        }
    }
}

fn count(places: &[String], one: &str, many: &str) -> String {
    match places.len() {
        0 => format!("no place {one}"),
        1 => format!("one place {one}{}", listed(places)),
        count => format!("{count} places {many}{}", listed(places)),
    }
}

fn classes_of(classes: &[String]) -> String {
    match classes.len() {
        0 => "no class is made by it".to_owned(),
        1 => format!("one class is made by it{}", listed(classes)),
        count => format!("{count} classes are made by it{}", listed(classes)),
    }
}

/// The first places in parentheses.
fn listed(places: &[String]) -> String {
    let shown = &places[..places.len().min(PLACES)];
    let more = if places.len() > PLACES { ", …" } else { "" };
    format!(" ({}{more})", shown.join(", "))
}
