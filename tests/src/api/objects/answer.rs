//! What the server does with a request.

use std::fs;

use anyhow::Result;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::request::Asked;
use super::sent::Sent;
use super::state::State;
use super::store::{self, Refused};
use super::{ACCOUNT, Objects, access, discovery, respond, written};
use crate::api::TOKEN;
use crate::api::body::{Pieces, follow};

impl Objects {
    /// Answers a request.
    pub(in crate::api) fn answer(&self, request: &Request<()>, body: &str) -> Response<Pieces> {
        match request.uri().path() {
            "/api" => return respond::discovered(&discovery::groups(true)),
            "/apis" => return respond::discovered(&discovery::groups(false)),
            "/openapi/v3" => return respond::json(200, &discovery::descriptions()),
            "/version" => {
                return respond::json(
                    200,
                    &json!({"major": "1", "minor": "32", "gitVersion": "v1.32.0"}),
                );
            }
            path => {
                if let Some(root) = path.strip_prefix("/openapi/v3") {
                    return respond::json(200, &discovery::description(root));
                }
            }
        }
        let answered = Asked::of(request)
            .map_err(|message| Refused::new(404, "NotFound", message))
            .and_then(|asked| {
                self.admit(request, &asked)?;
                self.act(request, asked, body)
            });
        answered.unwrap_or_else(|refused| respond::refused(&refused))
    }

    /// Whether who asks may.
    fn admit(&self, request: &Request<()>, asked: &Asked) -> Result<(), Refused> {
        let token = request.headers().get("authorization");
        let token = token.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = token.unwrap_or_default();
        if token == TOKEN {
            return Ok(());
        }
        let Some(account) = token.strip_prefix(ACCOUNT) else {
            return Err(Refused::new(401, "Unauthorized", "nobody has this token"));
        };
        let mut state = self.0.state();
        if access::allows(&state.store, account, asked) {
            return Ok(());
        }
        let what = format!("{account} may not {} {}", asked.verb, request.uri());
        state.forbidden.push(what.clone());
        Err(Refused::new(403, "Forbidden", what))
    }

    fn act(
        &self,
        request: &Request<()>,
        asked: Asked,
        body: &str,
    ) -> Result<Response<Pieces>, Refused> {
        match asked.verb {
            "watch" => return Ok(self.watch(asked)),
            "get" if asked.subresource.as_deref() == Some("log") => return self.log(&asked),
            _ => {}
        }
        let (status, object) = self.0.change(|state| match asked.verb {
            "create" => Ok((201, state.make(&asked, Sent::of(request, body)?)?)),
            "patch" => Ok((200, state.patch(&asked, &Sent::of(request, body)?)?)),
            "delete" => Ok((200, state.take_away(&asked)?)),
            "list" => Ok((200, asked.list(&state.store))),
            _ => Ok((200, asked.seen(state.store.get(&asked.key(&Value::Null))?))),
        })?;
        Ok(respond::json(status, &object))
    }

    fn log(&self, asked: &Asked) -> Result<Response<Pieces>, Refused> {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        let state = self.0.state();
        let pod = state.store.get(&asked.key(&Value::Null))?;
        let only = || {
            pod["spec"]["containers"][0]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let container = asked.container.clone().unwrap_or_else(only);
        let key = (word(&asked.namespace), word(&asked.name), container);
        let path = state.logs.get(&key);
        let text = path.and_then(|path| fs::read_to_string(path).ok());
        let text = text
            .ok_or_else(|| Refused::new(400, "BadRequest", format!("{key:?} has not started")))?;
        Ok(respond::text(&written(&text)))
    }

    fn watch(&self, asked: Asked) -> Response<Pieces> {
        let (send, body) = Pieces::new();
        let until = Instant::now() + asked.limit;
        let (first, mut from) = {
            let state = self.0.state();
            let version = state.store.version();
            match asked.initial {
                true => (asked.initial(&state.store), version),
                false => (Vec::new(), asked.version.unwrap_or(version)),
            }
        };
        let (objects, changed) = (self.clone(), self.0.changes());
        tokio::spawn(async move {
            for line in first {
                send.send(line).await.ok()?;
            }
            let news = || {
                let state = objects.0.state();
                let news = state
                    .store
                    .since(from)
                    .filter_map(|change| asked.told(change))
                    .collect();
                from = state.store.version();
                (news, until)
            };
            // A client that is gone is told nothing more.
            follow(&send, changed, news).await
        });
        respond::stream(body)
    }
}

impl State {
    fn make(&mut self, asked: &Asked, sent: Sent) -> Result<Value, Refused> {
        sent.validated(asked.kind, &sent.object)?;
        let key = asked.key(&sent.object);
        let made = self.store.create(asked.kind, key, sent.object)?;
        Ok(asked.seen(&made))
    }

    fn patch(&mut self, asked: &Asked, sent: &Sent) -> Result<Value, Refused> {
        let key = asked.key(&sent.object);
        let object = self.store.get(&key)?;
        let merged = store::merged(object, &sent.object, sent.strategic)
            .map_err(|error| Refused::new(409, "Conflict", error.to_string()))?;
        sent.validated(asked.kind, &merged)?;
        let new = self.store.update(key, merged)?;
        Ok(asked.seen(&new))
    }

    fn take_away(&mut self, asked: &Asked) -> Result<Value, Refused> {
        let key = asked.key(&Value::Null);
        self.store.get(&key)?;
        self.delete(&key);
        Ok(json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
    }
}
