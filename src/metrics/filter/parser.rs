//! Tokens into conditions, by recursive descent.

use super::error::FilterError;
use super::field::{self, Field};
use super::lexer::{Kind, Token, tokens};
use super::test::{Comparison, Test};
use super::{Node, test};
use crate::likeness::nearest;

/// Brackets and `not`s may be nested this deep; real questions need three or four.
const DEEPEST: usize = 64;

/// As [`ALIKE`](crate::likeness::ALIKE), for keywords of two to five letters.
const ALIKE_SHORT: f64 = 0.5;

/// What may follow a field, as it is said to users.
const COMPARISONS: &str = "=, !=, <, <=, >, >=, in (…), not in (…), like, not like, ~ (regular \
                           expression), !~, is null, is not null";

/// Words that stand for themselves, not for values.
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "like", "regex", "is", "null"];

/// The condition that the text says.
pub(super) fn parse(text: &str) -> Result<Node, FilterError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0 };
    if parser.peek().kind == Kind::End {
        return Err(parser.wrong("the condition is empty").with_hint("e.g. `status != ok`"));
    }
    let node = parser.any()?;
    if parser.peek().kind == Kind::End { Ok(node) } else { Err(parser.not_the_end()) }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Node, FilterError> {
        self.list("or", Self::all, Node::Or)
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        self.list("and", Self::one, Node::And)
    }

    fn list(
        &mut self,
        keyword: &str,
        part: fn(&mut Self) -> Result<Node, FilterError>,
        joined: fn(Vec<Node>) -> Node,
    ) -> Result<Node, FilterError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take(keyword) {
            parts.push(part(self)?);
        }
        // One part stands for itself.
        if parts.len() > 1 { Ok(joined(parts)) } else { Ok(parts.remove(0)) }
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        let opens = self.peek().is_sign("(");
        if !opens && !self.peek().is("not") {
            return self.tested();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong(format!("conditions are nested more than {DEEPEST} deep")));
        }
        let bracket = self.next();
        let node = if opens {
            let inner = self.any()?;
            if !self.take_sign(")") {
                let problem = "a bracket is opened and not closed";
                return Err(match self.peek().kind {
                    Kind::End => FilterError::new(problem, self.text, bracket.place),
                    _ => self.not_the_end(),
                });
            }
            inner
        } else {
            Node::Not(Box::new(self.one()?))
        };
        self.depth -= 1;
        Ok(node)
    }

    /// A field and what is asked of it.
    fn tested(&mut self) -> Result<Node, FilterError> {
        let token = self.next();
        let field = match &token.kind {
            Kind::Word(name) | Kind::Quoted(name) => {
                Field::named(name).map_err(|unknown| self.unknown_field(&unknown, token.clone()))?
            }
            _ => {
                return Err(FilterError::new("a field is expected here", self.text, token.place)
                    .with_hint(field::list_of_fields()));
            }
        };
        let test = self.test(&field)?;
        Ok(Node::Test(field, test))
    }

    fn test(&mut self, field: &Field) -> Result<Test, FilterError> {
        let token = self.next();
        if let Kind::Sign(sign) = token.kind
            && let Some(comparison) = Comparison::from_sign(sign)
        {
            return Ok(Test::Compare(comparison, self.value(field)?));
        }
        if token.is_sign("~") || token.is("regex") {
            return self.pattern(field, token, Test::Matches);
        }
        if token.is_sign("!~") {
            return self.pattern(field, token, Test::MatchesNot);
        }
        if token.is("is") {
            let known = self.take("not");
            return if self.take("null") {
                Ok(if known { Test::IsKnown } else { Test::IsNull })
            } else {
                Err(self.wrong("`null` or `not null` is expected here"))
            };
        }
        let negated = token.is("not");
        let word = if negated { self.next() } else { token };
        match &word {
            word if word.is("in") => Ok(Test::In { negated, values: self.values(field)? }),
            word if word.is("like") && negated => self.pattern(field, word.clone(), Test::LikeNot),
            word if word.is("like") => self.pattern(field, word.clone(), Test::Like),
            word if word.is("regex") => self.pattern(field, word.clone(), Test::MatchesNot),
            _ => Err(self.no_comparison(&word)),
        }
    }

    fn value(&mut self, field: &Field) -> Result<test::Value, FilterError> {
        let token = self.next();
        let text = match &token.kind {
            Kind::Quoted(text) => text,
            Kind::Word(word) if word.eq_ignore_ascii_case("null") => {
                return Err(FilterError::new(
                    "nothing compares with `null`",
                    self.text,
                    token.place,
                )
                .with_hint("write `is null` or `is not null`"));
            }
            Kind::Word(word) if !is_keyword(word) => word,
            _ => {
                return Err(FilterError::new("a value is expected here", self.text, token.place)
                    .with_hint("keywords and signs stand in quotes where they are meant as text"));
            }
        };
        test::Value::of(field, text).map_err(|wrong| {
            let error = FilterError::new(wrong.problem, self.text, token.place);
            match wrong.hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            }
        })
    }

    fn values(&mut self, field: &Field) -> Result<Vec<test::Value>, FilterError> {
        if !self.take_sign("(") {
            return Err(self.wrong("a list of values in brackets is expected here"));
        }
        let mut values = vec![self.value(field)?];
        while self.take_sign(",") {
            values.push(self.value(field)?);
        }
        if self.take_sign(")") {
            Ok(values)
        } else {
            Err(self.wrong("a comma or the closing bracket of the list is expected here"))
        }
    }

    fn pattern(
        &mut self,
        field: &Field,
        operator: Token,
        test: fn(String) -> Test,
    ) -> Result<Test, FilterError> {
        if !field.has_text() {
            let problem = format!("`{field}` is no text, and patterns are for text");
            return Err(FilterError::new(problem, self.text, operator.place));
        }
        let token = self.next();
        let pattern = match &token.kind {
            Kind::Quoted(quoted) => quoted.clone(),
            Kind::Word(word) if !is_keyword(word) => word.clone(),
            _ => {
                let problem = "a pattern is expected here";
                return Err(FilterError::new(problem, self.text, token.place)
                    .with_hint("patterns with signs, brackets or blanks stand in quotes"));
            }
        };
        let test = test(pattern);
        test.check_pattern().map_err(|why| FilterError::new(why, self.text, token.place))?;
        Ok(test)
    }

    fn peek(&self) -> &Token {
        // `next` never moves past the last token, which is the end.
        &self.tokens[self.at]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek().is(keyword);
        if found {
            self.next();
        }
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.peek().is_sign(sign);
        if found {
            self.next();
        }
        found
    }

    /// A problem at the token that is next.
    fn wrong(&self, problem: impl Into<String>) -> FilterError {
        FilterError::new(problem, self.text, self.peek().place.clone())
    }

    fn not_the_end(&self) -> FilterError {
        let error = self.wrong("`and`, `or` or the end is expected here");
        match &self.peek().kind {
            Kind::Word(word) => match nearest(word, ["and", "or"], ALIKE_SHORT) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error.with_hint("a value with blanks stands in quotes"),
            },
            _ => error,
        }
    }

    fn unknown_field(&self, unknown: &field::Unknown, token: Token) -> FilterError {
        FilterError::new(unknown.problem.clone(), self.text, token.place)
            .with_hint(unknown.hint.clone())
    }

    fn no_comparison(&self, token: &Token) -> FilterError {
        let error =
            FilterError::new("a comparison is expected here", self.text, token.place.clone());
        let meant = match &token.kind {
            Kind::Word(word) => nearest(word, ["in", "like", "regex", "is", "not"], ALIKE_SHORT),
            _ => None,
        };
        error.with_hint(match meant {
            Some(meant) => format!("did you mean `{meant}`? there are {COMPARISONS}"),
            None => COMPARISONS.to_owned(),
        })
    }
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}
