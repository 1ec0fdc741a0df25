//! What is told of a call, by its place; and what only a run can know, and is left alone.

use std::sync::Arc;

use super::*;
use cardhost_core::load::{load_card, load_connector};

const CONNECTOR: &str = r#"{
    "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop",
    "connection": { "fields": { "Token": { "type": "secret" } } },
    "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
    "targets": { "api": { "auth": ["token"], "base": "https://shop.example" } }
}"#;

const CARD: &str = r#"{
    "format": 1, "name": "put-pet", "version": "1.2.0", "title": "Put", "effect": "write",
    "options": {
        "Kind": { "type": "dropdown", "required": true, "choices": [
            "cat", "dog", { "value": "owl", "visibleWhen": { "options.Night": [true] } }
        ] },
        "Night": { "type": "true-false", "default": false },
        "Leash": { "type": "text", "required": true, "visibleWhen": { "options.Kind": ["dog"] } }
    },
    "input": {
        "Path": { "id": { "type": "number", "required": true } },
        "Pet": {
            "Name": { "type": "text", "min": 2 },
            "Headers": { "type": "object", "deny": ["authorization"] },
            "Owner": { "type": "object", "fields": {
                "Name": { "type": "text", "required": true }, "Mail": { "type": "text" }
            } }
        }
    },
    "request": { "target": "api", "method": "PUT", "path": "/pets/<<input.Path.id>>" },
    "output": { "Response": { "Body": { "type": "any", "value": "<<response.body?>>" } } }
}"#;

struct Shop {
    flows: Vec<Head>,
}

impl Surroundings for Shop {
    fn card(&self, full_name: &str) -> Result<Arc<Definition>, Error> {
        let connector = Arc::new(load_connector("shop/connector.json", CONNECTOR)?);
        let (name, near) = (full_name.to_owned(), |name: &str| Some(name.to_owned()));
        match full_name {
            "shop/put-pet" => load_card(connector, "shop/put-pet.json", CARD).map(Arc::new),
            "shop/broken" => load_card(connector, "shop/broken.json", "{").map(Arc::new),
            other if other.starts_with("shop/") => {
                Err(LoadFault::UnknownCard { name, nearest: near("shop/put-pet") }.into())
            }
            _ => Err(LoadFault::UnknownConnector { name, nearest: near("shop") }.into()),
        }
    }

    fn flows(&self) -> &[Head] {
        &self.flows
    }
}

fn flow(tasks: &str) -> String {
    format!("document: {{ dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }}\ndo:\n{tasks}")
}

/// `code pointer line:column: message (hint)` of each finding.
fn found(tasks: &str) -> Vec<String> {
    let flows = ["1.0.0", "1.1.0"].map(|version| Head {
        namespace: "shop".into(),
        name: "restock".into(),
        version: version.into(),
        ..Head::default()
    });
    let shop = Shop { flows: flows.into() };
    let shown = |finding: &Finding| {
        let (line, column) = finding.place.line_column.unwrap_or_default();
        let hint = finding.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let (code, pointer) = (&finding.code, &finding.place.pointer);
        format!("{code} {pointer} {line}:{column}: {}{hint}", finding.message())
    };
    check("y.yaml", &flow(tasks), &shop).iter().map(shown).collect()
}

/// The findings of one call, without their places.
fn of_call(with: &str) -> Vec<String> {
    let all = found(&format!("- put: {{ call: put-pet@shop, with: {with} }}"));
    let told = |text: &String| text.split_once(": ").map(|(_, told)| told.to_owned());
    let code = |text: &String| text.split(' ').next().unwrap_or_default().to_owned();
    all.iter().filter_map(|text| Some(format!("{}: {}", code(text), told(text)?))).collect()
}

#[test]
fn a_call_that_fits_has_no_finding() {
    for with in [
        "{ options: { Kind: cat }, input: { Path: { id: 7 } } }",
        "{ connection: prod, options: { Kind: dog, Leash: red }, input: { Path: { id: 7 } } }",
        "{ connection: { fields: { Token: { env: T } } }, options: { Kind: cat, Leash: null }, input: { Path: { id: 7 }, Pet: null } }",
        "{ options: { Kind: owl, Night: true }, input: { Path: { id: 1 }, Pet: { Owner: { Name: '${ .n }' } } } }",
    ] {
        assert_eq!(of_call(with), Vec::<String>::new(), "{with}");
    }
}

#[test]
fn what_an_expression_gives_is_left_to_the_run() {
    for with in [
        "{ options: '${ .options }', input: '${ .input }', connection: '${ .c }' }",
        "{ options: { Kind: '${ .kind }' }, input: { Path: '${ .path }' } }",
        "{ options: { Kind: dog, Leash: '${ .leash }' }, input: { Path: { id: '${ .id }' } } }",
        "{ options: { Kind: owl, Night: '${ .night }' }, input: { Path: { id: 1 } } }",
        "{ options: { Kind: cat }, input: { Path: { id: 1 }, Pet: { Owner: '${ . }', Headers: { x: '${ . }' } } } }",
    ] {
        assert_eq!(of_call(with), Vec::<String>::new(), "{with}");
    }
}

#[test]
fn credentials_that_no_scheme_can_carry_are_told_where_they_stand() {
    let ask = |authentication: &str| {
        found(&format!(
            "- a: {{ call: http, with: {{ method: get, endpoint: {{ uri: 'https://h.example', authentication: {authentication} }} }} }}\n"
        ))
    };
    let colon = "auth method `basic`: the user name holds a colon, which Basic credentials cannot carry (check the credentials of the connection)";
    let under = "/do/0/a/with/endpoint/authentication";
    assert_eq!(
        ask("{ basic: { username: 'a:b', password: c } }"),
        [format!("auth.value {under}/basic 3:104: {colon}")]
    );
    assert_eq!(ask("{ basic: { username: 'a:b', password: '${ .p }' } }"), Vec::<String>::new());
    let client = "grant: client_credentials, client: { id: a, secret: b }";
    let of_authority =
        |authority: &str| ask(&format!("{{ oauth2: {{ authority: '{authority}', {client} }} }}"));
    assert_eq!(of_authority("https://a.example"), Vec::<String>::new());
    assert_eq!(
        of_authority("https://a:b@a.example"),
        [format!(
            "auth.value {under}/oauth2 3:105: auth method `oauth2`: `tokenUrl`: a value of the connection cannot stand in it (check the credentials of the connection)"
        )]
    );
    assert_eq!(
        found(
            "- a: { call: openapi, with: { document: { endpoint: 'https://h.example' }, operationId: x, authentication: { bearer: { token: \"a\\nb\" } } } }\n"
        ),
        [
            "auth.value /do/0/a/with/authentication/bearer 3:118: auth method `bearer`: the credential holds a character that no header can carry (check the connection for a line break at the end of the credential)"
        ]
    );
}

#[test]
fn names_that_nothing_has_are_told_with_the_nearest() {
    assert_eq!(
        found(
            "- a: { call: put-pat@shop }\n- b: { call: put-pet@shpo }\n- c:\n    call: put-pet:2.0.0@shop\n- d: { call: broken@shop }\n"
        ),
        [
            "card.unknown /do/0/a/call 3:14: there is no card `put-pat@shop` (did you mean `put-pet@shop`?)",
            "connector.unknown /do/1/b/call 4:14: there is no connector `shpo` (did you mean `shop`?)",
            "card.unknown /do/2/c/call 6:11: card `shop/put-pet` has no version `2.0.0` (its version is 1.2.0; without a version the newest is meant)",
            "definition.syntax /do/3/d/call 7:14: card `shop/broken` cannot be used: EOF while parsing an object (`cardhost check` shows every fault of connectors and cards)",
        ]
    );
}

#[test]
fn keys_and_values_that_the_card_does_not_take_are_told() {
    let task = "
- put:
    call: put-pet:1.2.0@shop
    with:
      conection: x
      options:
        Kind: bird
        Nigth: true
      input:
        Pat: { id: 1 }
        Path: { id: seven, extra: 1 }
        Pet:
          Name: x
          Headers: { Authorization: '${ .a }' }
          Owner: { Nam: '${ .n }' }
";
    // The shape of `with` is the document's own, so the rest is looked at once that is right.
    assert_eq!(
        found(task),
        [
            "definition.unknown_key /do/0/put/with/conection 7:7: unknown key `conection` (did you mean `connection`?)"
        ]
    );
    assert_eq!(
        found(&task.replace("conection: x", "connection: { field: {}, fields: { Tokn: x } }")),
        [
            "definition.unknown_key /do/0/put/with/connection/field 7:21: unknown key `field` (did you mean `fields`?)",
            "connection.unknown_field /do/0/put/with/connection/fields/Tokn 7:42: there is no connection field `Tokn` (did you mean `Token`?)",
            "options.choice /do/0/put/with/options/Kind 9:15: option `Kind` has no choice `bird` (it takes `cat`, `dog`)",
            "options.unknown /do/0/put/with/options/Nigth 10:9: there is no option `Nigth` (did you mean `Night`?)",
            "input.unknown /do/0/put/with/input/Pat 12:9: there is no input group `Pat` (did you mean `Path`?)",
            "input.type /do/0/put/with/input/Path/id 13:21: field `id` of `Path` must be a number, not text",
            "input.unknown /do/0/put/with/input/Path/extra 13:28: there is no field `extra` (the card's page lists its fields and those of its connection)",
            "input.range /do/0/put/with/input/Pet/Name 15:17: field `Name` of `Pet` must be at least 2 characters",
            "header.denied /do/0/put/with/input/Pet/Headers/Authorization 16:22: field `Headers` of `Pet` may not set `authorization` (the connector and the transport set it themselves)",
            "input.required /do/0/put/with/input/Pet/Owner 17:18: field `Name` of `Pet.Owner` is missing (give `Name` under `Pet.Owner`)",
            "input.unknown /do/0/put/with/input/Pet/Owner/Nam 17:20: there is no field `Nam` (did you mean `Name`?)",
        ]
    );
}

#[test]
fn what_is_missing_is_told_where_it_should_stand() {
    assert_eq!(
        found(
            "- a: { call: put-pet@shop }\n- b:\n    call: put-pet@shop\n    with:\n      options: { Kind: dog }\n      input:\n        Pet: {}\n"
        ),
        [
            "input.required /do/0/a/with/input/Path 3:14: field `id` of `Path` is missing (give `id` under `Path`)",
            "options.required /do/0/a/with/options 3:14: option `Kind` is missing (give it a value)",
            "options.required /do/1/b/with/options 7:16: option `Leash` is missing (give it a value)",
            "input.required /do/1/b/with/input/Path 9:9: field `id` of `Path` is missing (give `id` under `Path`)",
        ]
    );
    // Null is as good as absent, and an option that is no object is none.
    assert_eq!(
        of_call("{ options: [1], input: { Path: { id: null }, Pet: 1 }, connection: 7 }"),
        [
            "definition.type: this must be an object, not a list",
            "input.required: field `id` of `Path` is missing (give `id` under `Path`)",
            "input.type: input group `Pet` must be an object, not a number",
            "definition.type: this must be text or an object, not a number",
        ]
    );
}

#[test]
fn a_flow_that_is_run_must_be_there() {
    let run = |name: &str, version: &str| {
        found(&format!(
            "- a: {{ run: {{ workflow: {{ namespace: shop, name: {name}, version: {version} }} }} }}"
        ))
    };
    assert_eq!(run("restock", "1.0.0"), Vec::<String>::new());
    assert_eq!(run("restock", "latest"), Vec::<String>::new());
    assert_eq!(
        run("restock", "3.0.0"),
        [
            "flow.unknown /do/0/a/run/workflow/version 3:68: there is no flow `shop/restock:3.0.0` (did you mean `shop/restock:1.1.0`?)"
        ]
    );
    assert_eq!(
        run("restok", "latest"),
        [
            "flow.unknown /do/0/a/run/workflow/name 3:50: there is no flow `shop/restok` (did you mean `shop/restock`?)"
        ]
    );
}

#[test]
fn cards_inside_of_everything_are_looked_at_and_features_that_are_not_carried_out_hide_nothing() {
    let codes: Vec<String> = found(
        "- a: { fork: { branches: [ { b: { try: [ { c: { call: x@shop } } ], catch: { do: [ { d: { call: y@shop } } ] } } } ] } }
- l: { listen: { to: { one: { with: { type: t } } } } }
- e: { for: { in: .n }, do: [ { f: { call: z@shop } } ] }",
    )
    .iter()
    .map(|text| text.split(' ').take(2).collect::<Vec<_>>().join(" "))
    .collect();
    assert_eq!(
        codes,
        [
            "card.unknown /do/0/a/fork/branches/0/b/try/0/c/call",
            "card.unknown /do/0/a/fork/branches/0/b/catch/do/0/d/call",
            "flow.unsupported /do/1/l/listen",
            "card.unknown /do/2/e/do/0/f/call",
        ]
    );
}

#[test]
fn in_loose_mode_text_may_be_an_expression() {
    let text = "
document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }
evaluate: { mode: loose }
do:
- a: { call: put-pet@shop, with: { options: { Kind: .kind }, input: { Path: .path } } }
";
    assert_eq!(check("y.yaml", text, &Shop { flows: Vec::new() }), []);
}

/// Each with its place, its words and what to write; what is meant so is not told of.
#[test]
fn traps_are_warned_of() {
    let text = r#"
document: { dsl: '1.0.3', namespace: shop, name: traps, version: 1.0.0, title: 'Of ${ } in texts' }
use:
  secrets: [ token, other ]
  functions:
    ask: { call: http, with: { method: get, endpoint: 'https://a.example/' } }
    old: { call: http, with: { method: get, endpoint: 'https://b.example/' } }
  errors: { gone: { type: 'https://x.example/gone', status: 410 }, late: { type: 'https://x.example/late', status: 408 } }
  retries: { twice: { limit: { attempt: { count: 2 } } }, never: { limit: { attempt: { count: 1 } } } }
  timeouts: { short: { after: PT1S }, long: { after: PT1H } }
  authentications: { basic: { basic: { username: a, password: '${ $secrets.token }' } } }
do:
  - hello: { set: { text: 'Hello ${ .name }!', fine: '${ "Hello \(.name)!" }', note: '$ {x}' } }
  - each:
      for: { each: pet, in: '.pets[]' }
      while: .n = 3
      do: [ { get: { call: ask, timeout: short, output: { as: '.body.items[] | .id' } } } ]
  - all: { for: { each: pet, in: '[.pets[]]' }, do: [ { stop: { raise: { error: gone } } } ] }
  - whole:
      if: .a == 1
      try: [ { get: { call: ask, output: { as: '.a, .b' } } } ]
      catch: { when: '.status = 404', retry: twice }
  - which: { switch: [ { one: { when: '.kind = "x"', then: end } } ] }
"#;
    let shop = Shop { flows: Vec::new() };
    let told: Vec<String> = check("x.yaml", text, &shop)
        .iter()
        .map(|found| {
            let (line, column) = found.place.line_column.unwrap();
            let hint = found.hint().unwrap_or_default();
            format!(
                "{line}:{column} {} {}: {} -- {hint}",
                found.severity.as_str(),
                found.code,
                found.message()
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}
