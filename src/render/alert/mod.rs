//! An alert message in the forms that channels take: text, mail, Slack, Teams, JSON.

mod cards;
mod words;

use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

use super::Error;
use crate::alerts::{Item, Message};

pub use cards::{slack, teams};
pub use words::{amount, title, when};

const TEMPLATE: &str = include_str!("../../../report-templates/alert.html.j2");
const NAME: &str = "alert.html.j2";

/// Version of the JSON that webhooks get.
const SCHEMA: u32 = 1;

/// As text, lines of at most 78 columns apart from commands: for SNS, and as a mail's plain part.
pub fn text(message: &Message) -> String {
    let mut lines = vec![message.subject.clone(), String::new()];
    for item in &message.items {
        lines.push(format!("{}: {}", words::state(item), words::title(item)));
        lines.extend(words::facts(item).into_iter().map(|(name, value)| {
            let head = format!("  {name:<10}");
            if name == "query" { head + &value } else { words::folded(&head, &value) }
        }));
        lines.push(String::new());
    }
    lines.push(words::folded("", &message.footer));
    lines.push(String::new());
    lines.join("\n")
}

/// As the body of a mail.
///
/// # Errors
/// When the template is wrong.
pub fn html(message: &Message) -> Result<String, Error> {
    let items: Vec<Value> = message.items.iter().map(view).collect();
    let failed = |source| Error::Template { name: NAME.to_owned(), source: Box::new(source) };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template(NAME, TEMPLATE).map_err(failed)?;
    let template = environment.get_template(NAME).map_err(failed)?;
    let page = template
        .render(context! { subject => message.subject.as_str(), items, footer => message.footer.as_str() })
        .map_err(failed)?;
    Ok(page)
}

fn view(item: &Item) -> Value {
    let facts: Vec<Value> =
        words::facts(item).into_iter().map(|(name, value)| context! { name, value }).collect();
    context! {
        state => words::state(item),
        severity => item.alert.breach.severity.as_str(),
        title => words::title(item),
        facts,
    }
}

/// As JSON for any receiver: every figure with its unit.
///
/// # Errors
/// When a figure is no JSON number.
pub fn json(message: &Message) -> Result<String, Error> {
    #[derive(Serialize)]
    struct Versioned<'m> {
        schema: u32,
        #[serde(flatten)]
        message: &'m Message,
    }
    serde_json::to_string(&Versioned { schema: SCHEMA, message }).map_err(Error::Json)
}
