use super::{Query, QueryTree};

/// The texts that are captured as `@finding`.
fn found(query: &str, code: &str) -> Vec<String> {
    let query = Query::new(query, "finding").unwrap_or_else(|problem| panic!("{problem:?}"));
    let tree = QueryTree::parse(code).expect("it parses");
    let finding = query.captures().iter().position(|name| *name == "finding");
    let matches = query.matches(&tree, &|| false);
    assert!(!matches.is_cut);
    let captures = matches.found.into_iter().flat_map(|found| found.captures);
    let own = captures.filter(|(capture, _)| Some(*capture as usize) == finding);
    own.map(|(_, range)| code[range].to_owned()).collect()
}

/// The text from where a query goes wrong, and why.
fn problem(query: &str) -> (&str, String) {
    let problem = Query::new(query, "finding").expect_err("it is wrong");
    (&query[problem.offset..], problem.message)
}

#[test]
fn patterns_match_nodes_with_predicates() {
    let code = "def f():\n    sleep(1)\n    slept(2)\n    x.sleep(3)\n";
    let call = |predicate: &str| format!("((call function: (identifier) @f) @finding {predicate})");
    assert_eq!(found(&call("(#eq? @f \"sleep\")"), code), ["sleep(1)"]);
    assert_eq!(found(&call("(#not-eq? @f \"sleep\")"), code), ["slept(2)"]);
    assert_eq!(
        found(&call("(#match? @f \"^sle.pt?$\")"), code),
        ["sleep(1)"]
    );
    assert_eq!(
        found(&call("(#any-of? @f \"a\" \"slept\")"), code),
        ["slept(2)"]
    );
    assert_eq!(
        found("(attribute) @finding ; a comment (", code),
        ["x.sleep"]
    );
}

#[test]
fn the_statement_around_is_no_finding() {
    assert!(
        found("(_) @finding", "x = 1\n")
            .iter()
            .all(|text| text != "x = 1\n")
    );
}

#[test]
fn words_are_what_a_match_cannot_do_without() {
    let words = |query: &str| {
        let query = Query::new(query, "finding").expect("it compiles");
        query
            .patterns()
            .iter()
            .map(|pattern| pattern.words.clone())
            .collect::<Vec<_>>()
    };
    let one = |words: &[&str]| {
        vec![vec![
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>(),
        ]]
    };
    assert_eq!(
        words("((identifier) @finding (#eq? @finding \"sleep\"))"),
        one(&["sleep"])
    );
    assert_eq!(
        words(
            "((call function: (_) @f) @finding (#qualified-name? @f \"time.sleep\" \"os.wait\"))"
        ),
        one(&["sleep", "wait"])
    );
    for silent in [
        "((identifier) @finding (#not-eq? @finding \"sleep\"))",
        "((identifier) @finding (#match? @finding \"sleep\"))",
        "((call function: (_) @f) @finding (#qualified-name? @f \"time.*\"))",
        "((string) @finding (#any-of? @finding \"sleep\" \"\\\"a b\\\"\"))",
        // the predicate holds where nothing is captured
        "((call function: (_) arguments: (argument_list (identifier)? @x)) @finding (#eq? @x \"sleep\"))",
    ] {
        assert_eq!(words(silent), [Vec::<Vec<String>>::new()], "{silent}");
    }
    assert_eq!(
        words("((identifier) @finding (#eq? @finding \"a\")) (call) @finding").len(),
        2
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (query, rest, message) in [
        ("(cal) @finding", "cal) @finding", "no node `cal`"),
        (
            "(call fun: (_)) @finding",
            "fun: (_)) @finding",
            "no field `fun`",
        ),
        ("(call @finding", "", "this is no query"),
        ("(call) @finding)", ")", "this is no query"),
        ("", "", "no pattern"),
        ("(call) @call", "(call) @call", "no `@finding`"),
        ("(call) @finding\n(string)", "(string)", "no `@finding`"),
        (
            "(pass_statement (call) @finding)",
            "(call) @finding)",
            "no Python code has this shape",
        ),
        (
            "((call) @finding (#eq? @x \"a\"))",
            "x \"a\"))",
            "nothing is captured as `@x`",
        ),
        (
            "((call) @finding (#equal? @finding \"a\"))",
            "#equal? @finding \"a\"))",
            "no predicate `#equal?`",
        ),
        (
            "((call) @finding (#set! a b))",
            "#set! a b))",
            "no predicate `#set!`",
        ),
        (
            "((call) @finding #eq? @finding \"a\")",
            "#eq? @finding \"a\")",
            "brackets of its own",
        ),
        (
            "((call) @finding (#eq? \"a\" @finding))",
            "\"a\" @finding))",
            "begins with a capture",
        ),
        (
            "((call) @finding (#eq? @finding))",
            "#eq? @finding))",
            "a text to compare with",
        ),
        ("((call) @finding (#eq?))", "#eq?))", "needs a capture"),
        (
            "((call) @finding (#eq? @finding \"a\" \"b\"))",
            "\"b\"))",
            "one capture and one text",
        ),
        (
            "((call) @finding (#any-of? @finding @finding))",
            "@finding))",
            "texts in quotes",
        ),
        (
            "((call) @finding (#match? @finding \"a(\"))",
            "\"a(\"))",
            "unclosed group",
        ),
        (
            "((call) @finding (#match? @finding \"(\\\\w{900}){900}\"))",
            "\"(\\\\w{900}){900}\"))",
            "size limit",
        ),
        (
            "((call) @finding (#qualified-name? @finding \"time sleep\"))",
            "\"time sleep\"))",
            "no qualified name",
        ),
        (
            "((call) @finding (#eq? @finding \"a))",
            "\"a))",
            "the string has no end",
        ),
        (
            "(module (expression_statement) @finding)",
            "module (expression_statement) @finding)",
            "one statement",
        ),
        ("(#eq? @finding \"a\")", "", ""),
        ("(ünï) @finding", "ünï) @finding", ""),
        ("(call) @finding é", "é", ""),
    ] {
        let (at, said) = problem(query);
        assert!(said.contains(message), "{query}: {said}");
        if !rest.is_empty() {
            assert_eq!(at, rest, "{query}: {said}");
        }
    }
}

#[test]
fn hostile_queries_are_refused_at_once() {
    let deep = "(call ".repeat(2000) + &")".repeat(2000) + " @finding";
    assert!(problem(&deep).1.contains("deep"));
    let many = "(call) @finding ".repeat(1000);
    assert!(problem(&many).1.contains("patterns"));
    let long = "(call) @finding ".repeat(10_000);
    assert!(problem(&long).1.contains("longer"));
    let regexes = "(#match? @finding \"a\")".repeat(17);
    assert!(
        problem(&format!("((call) @finding {regexes})"))
            .1
            .contains("regular")
    );
}

#[test]
fn a_search_has_an_end() {
    // every subset of a long list is a match, or nearly one
    let text = "(list (integer)* @a (integer)* @b (integer)* @finding)";
    let query = Query::new(text, "finding").expect("it compiles");
    let text = "(list (integer)* @a (integer)* @b (string) @finding)";
    let hopeless = Query::new(text, "finding").expect("it compiles");
    let code = format!("x = [{}]\n", "1, ".repeat(3000));
    let tree = QueryTree::parse(&code).expect("it parses");
    let start = std::time::Instant::now();
    assert!(hopeless.matches(&tree, &|| false).is_cut);
    let matches = query.matches(&tree, &|| false);
    assert!(matches.is_cut);
    assert!(
        start.elapsed().as_secs() < 10,
        "{:?} {}",
        start.elapsed(),
        matches.found.len()
    );
    assert!(query.matches(&tree, &|| true).is_cut);
}

#[test]
fn predicates_stand_behind_nodes() {
    for query in [
        "(call function: (#eq? @finding \"a\")) @finding",
        "((identifier) @finding (call function: (#eq? @finding \"a\")))",
        "(call function : (#eq? @finding \"a\")) @finding",
        "((#eq? @finding \"a\")) @finding",
        "((#eq? @finding \"a\"))* @finding",
        "[(#eq? @finding \"a\")] @finding",
        "[(call) (#eq? @finding \"a\")] @finding",
        "(call) @finding (#eq? @finding \"a\")",
        "(#eq? @finding \"a\")",
    ] {
        let (rest, message) = problem(query);
        assert!(rest.starts_with("#eq?"), "{query}: {rest}");
        assert!(
            message.starts_with("a predicate stands behind"),
            "{query}: {message}"
        );
    }
    for query in [
        "(call function: (identifier) @finding (#eq? @finding \"a\"))",
        "(identifier) @finding ((call) @finding (#eq? @finding \"a\"))",
        "([(call) (identifier)] @finding . (#eq? @finding \"a\") (#eq? @finding \"a\"))",
    ] {
        Query::new(query, "finding").unwrap_or_else(|problem| panic!("{query}: {problem:?}"));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_query_or_a_problem(text in "[()\\[\\]@#?.*+!_:;/\" \\\\\n]|call|identifier|finding|eq\\?|function|ERROR|MISSING|é|\\PC") {
        let _ = Query::new(&text, "finding");
    }

    #[test]
    fn pieces_of_queries_are_queries_or_problems(pieces in proptest::collection::vec("[()\\[\\]@#?.*+!_:;/\" \\\\\n]|\\(call|\\(identifier\\)|@finding|\\(#eq\\? |function: |\\(ERROR|\\(MISSING|é|\\(#match\\? @finding \"a\"\\)|\\(block", 0..24)) {
        let text = pieces.concat();
        if let Err(problem) = Query::new(&text, "finding") {
            proptest::prop_assert!(text.is_char_boundary(problem.offset), "{:?} {:?}", text, problem);
        }
    }
}
