//! Which of several accounts: one radio button each, none chosen beforehand but the one from before, or one that is alone.

use super::FormState;
use crate::hosted::texts::Texts;
use crate::service::connect::{PageView, Question};
use leptos::prelude::*;

/// The question, in the words of the page.
pub fn body(page: &PageView, t: &'static Texts, question: &Question, form: &FormState, icon: AnyView, say: &dyn Fn(&str) -> String) -> AnyView {
    // A definition asks in English; in another language the page asks in its own words.
    let heading = if t.code == "en" { question.text.clone() } else { say(t.which) };
    let failed = form.error.is_some();
    let described = if failed { "choice-error choice-help" } else { "choice-help" };
    let only = (question.accounts.len() == 1).then(|| question.accounts[0].value.clone());
    let checked = question.chosen_before.clone().or(only);
    let choices: Vec<_> = question
        .accounts
        .iter()
        .map(|account| {
            let is_checked = checked.as_deref() == Some(account.value.as_str());
            let detail = account.detail.clone().map(|detail| view! { <span class="small">{detail}</span> });
            view! {
                <label class="choice">
                    <input type="radio" name="account" value=account.value.clone() required checked=is_checked/>
                    <span><span class="account">{account.label.clone()}</span>{detail}</span>
                </label>
            }
        })
        .collect();
    view! {
        {icon}
        <h1 id="question">{heading}</h1>
        <p id="choice-help">{say(t.which_help)}</p>
        {question.is_gone.then(|| view! { <p class="notice">{say(t.which_gone)}</p> })}
        {failed.then(|| view! { <div class="problem" role="alert" id="choice-error"><p>{t.which_first}</p></div> })}
        <form method="post" action=format!("/connect/{}/choose", page.session.id) autocomplete="off">
            <div class="choices" role="radiogroup" aria-labelledby="question" aria-describedby=described>{choices}</div>
            <button class="primary">{t.save}</button>
        </form>
        <form method="post" action=format!("/connect/{}/cancel", page.session.id)>
            <button class="link">{t.cancel}</button>
        </form>
    }
    .into_any()
}
