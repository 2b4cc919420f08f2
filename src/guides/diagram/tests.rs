use proptest::prelude::*;
use scraper::{Html, Selector};

use super::*;

fn drawn(source: &str) -> String {
    render(source, 1).unwrap_or_else(|why| panic!("{why}: {source}"))
}

fn texts(svg: &str) -> Vec<String> {
    let document = Html::parse_fragment(svg);
    document
        .select(&Selector::parse("text").unwrap())
        .map(|text| text.text().collect::<Vec<_>>().join(" "))
        .collect()
}

fn refused(source: &str) -> String {
    parse(source).unwrap_err().to_string()
}

#[test]
fn a_flowchart_shows_its_nodes_and_its_labels() {
    let svg = drawn(
        "flowchart TD\n  A[Start] --> B{Ready?}\n  B -->|Yes| C(Go)\n  B -- No --> D[(Store)]\n  D -.-> A",
    );
    for text in ["Start", "Ready?", "Yes", "Go", "No", "Store"] {
        assert!(texts(&svg).contains(&text.to_owned()), "{text} in {svg}");
    }
    assert_eq!(svg.matches("class=\"d-line").count(), 4);
    assert_eq!(svg.matches("d-dotted").count(), 1);
    assert!(
        svg.contains("role=\"img\"") && svg.contains("<title id=\"diagram-1-title\">Flowchart</title>"),
        "{svg}"
    );
    assert!(svg.contains("Ready? leads to Go (Yes)"), "{svg}");
}

#[test]
fn a_group_stands_around_its_own_nodes_only() {
    let source = "flowchart LR\n  x --> a\n  subgraph one [Group one]\n    a --> b\n  end\n  x --> c\n  c --> d\n  b --> d";
    let svg = drawn(source);
    let document = Html::parse_fragment(&svg);
    let number =
        |element: scraper::ElementRef<'_>, name: &str| element.attr(name).unwrap().parse::<f64>().unwrap();
    let frame = document.select(&Selector::parse("rect.d-group").unwrap()).next().unwrap();
    let (left, top) = (number(frame, "x"), number(frame, "y"));
    let (right, bottom) = (left + number(frame, "width"), top + number(frame, "height"));
    for text in document.select(&Selector::parse("text.d-text").unwrap()) {
        let span = text.child_elements().next().unwrap();
        let (x, y) = (number(span, "x"), number(span, "y"));
        let inside = x > left && x < right && y > top && y < bottom;
        let name: String = text.text().collect();
        assert_eq!(inside, ["a", "b"].contains(&&*name), "{name} in {svg}");
    }
}

#[test]
fn what_authors_write_in_flowcharts_is_read() {
    for source in [
        "graph LR; A-->B; B-->C;",
        "flowchart TB\nA & B --> C & D",
        "flowchart TD\nA-->|text|B-->C",
        "flowchart LR\nA ==> B --- C -.- D ~~~ E",
        "flowchart LR\nA <--> B o--o C x--x D --o E --x F",
        "flowchart LR\nA[\"Text (with) [brackets]\"] --> B([x]) --> C[[y]] --> D((z)) --> E(((w)))",
        "flowchart LR\nA{{x}} --> B[/x/] --> C[\\x\\] --> D[/x\\] --> E[\\x/] --> F>x]",
        "flowchart LR\nA:::big --> B\nclassDef big fill:#f96\nclass B big\nstyle A fill:#fff\nlinkStyle 0 stroke:red\nclick A \"x\"",
        "flowchart TD\nA --> A\nB --> A\nA --> B",
        "---\ntitle: Named\n---\nflowchart TD\n%% comment\nA --> B",
        "flowchart TD\nsubgraph a\ndirection LR\nsubgraph b [Inner]\nx-->y\nend\nend\na --> z",
        "flowchart RL\nA -- some text --> B == more ==> C -. dots .-> D",
        "graph BT\nmy-node.1 --> other_node",
        "flowchart TD\nA[One<br/>Two] --> B[\"#quot;x#quot;\"]",
    ] {
        let svg = drawn(source);
        assert!(svg.contains("<svg") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn a_sequence_shows_who_says_what_to_whom() {
    let source = "sequenceDiagram\n autonumber\n participant A as Ann\n actor B\n A->>+B: Hello\n B-->>-A: Hi\n A->>A: thinks\n \
                  Note over A,B: both\n Note right of B: one\n loop every day\n A-)B: ping\n end\n alt yes\n A-xB: no\n else no\n B->A: ok\n end\n \
                  rect rgb(0,0,0)\n A->>B: x\n end";
    let svg = drawn(source);
    for text in ["Ann", "Hello", "Hi", "thinks", "both", "[every day]", "loop", "alt", "[yes]", "[no]"] {
        assert!(texts(&svg).contains(&text.to_owned()), "{text} in {svg}");
    }
    assert!(svg.contains("Ann to B: Hello."), "{svg}");
    assert!(!svg.contains("NaN"));
}

#[test]
fn what_cannot_be_drawn_says_what_and_where() {
    assert_eq!(
        refused("gantt\ntitle x"),
        "diagrams of the kind `gantt` are not drawn, only `flowchart` and `sequenceDiagram`"
    );
    assert_eq!(refused(""), "it is empty");
    assert_eq!(refused("flowchart TD\nA --> B\nA ==?? C"), "its line 3 is not understood: `A ==?? C`");
    assert_eq!(refused("sequenceDiagram\nA to B"), "its line 2 is not understood: `A to B`");
    let many: Vec<String> = (0..200).map(|n| format!("n{n} --> n{}\n", n + 1)).collect();
    let many = many.concat();
    assert_eq!(refused(&format!("flowchart TD\n{many}")), "it has more than 120 nodes");
}

#[test]
fn what_a_label_holds_is_text() {
    let svg = drawn("flowchart TD\nA[\"<script>x</script> & <img src=x onerror=y>\"] --> B");
    assert!(!svg.contains("<script") && !svg.contains("<img"), "{svg}");
    assert!(svg.contains("&lt;script&gt;"), "{svg}");
}

#[test]
fn a_large_diagram_is_laid_out() {
    let links: Vec<String> = (0..118)
        .map(|n| format!("n{n} --> n{}\nn{n} --> n{}\n", (n * 7 + 3) % 118, (n * 13 + 5) % 118))
        .collect();
    let links = links.concat();
    let _ = render(&format!("flowchart TD\n{links}"), 1);
}

fn diagram_source() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("A"),
        Just("B"),
        Just("C"),
        Just("D"),
        Just(" --> "),
        Just(" -.-> "),
        Just(" == x ==> "),
        Just("-->|y|"),
        Just("[t]"),
        Just("{t}"),
        Just("((t))"),
        Just("\n"),
        Just("\n"),
        Just("\nsubgraph g\n"),
        Just("\nend\n"),
        Just(" & "),
        Just(":::"),
        Just("->>"),
        Just("-->>+"),
        Just(": hi"),
        Just("\nloop x\n"),
        Just("\nelse y\n"),
        Just("\nNote over A: z\n"),
        Just("\nalt q\n"),
        Just("é"),
        Just("\""),
        Just("<"),
        Just(";"),
        Just("\nactivate A\n"),
        Just("\ndeactivate A\n"),
    ];
    let heads = prop_oneof![Just("flowchart LR\n"), Just("graph TD\n"), Just("sequenceDiagram\n"), Just("")];
    (heads, proptest::collection::vec(parts, 0..40))
        .prop_map(|(head, parts)| format!("{head}{}", parts.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_drawn_or_refused(source in diagram_source()) {
        if let Ok(svg) = render(&source, 1) {
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf,") && !svg.contains("<script"));
        }
    }
}
