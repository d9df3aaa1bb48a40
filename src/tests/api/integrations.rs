//! `/api/v1/integrations`

use crate::on_both_databases;
use crate::support::TestApp;
use serde_json::json;

on_both_databases! {
    async fn the_catalogue(app: TestApp) {
        let all = app.get("/integrations").await.expect(200);
        let total = all["total"].as_u64().unwrap();
        assert!(total > 150, "{total}");
        assert_eq!(all["integrations"].as_array().unwrap().len() as u64, total);
        assert_eq!(all["registered"].as_array().unwrap().len() as u64, total);
        let slack = app.get("/integrations?name=slack").await.expect(200);
        assert_eq!((&slack["integration"]["displayName"], &slack["integration"]["auth"]["type"]), (&json!("Slack"), &json!("OAUTH2")));
        let custom = app.get("/integrations?name=freshsales").await.expect(200);
        let fields: Vec<_> = custom["integration"]["auth"]["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(fields, ["base_url", "api_key"]);
        assert_eq!(app.get("/integrations?name=http").await.expect(200)["integration"]["auth"], json!(null));
        let summary = app.get("/integrations?summary=true&q=slack").await.expect(200);
        assert_eq!(summary["integrations"][0]["auth"]["fields"], json!([]));
        let page = app.get("/integrations?limit=3").await.expect(200);
        let cursor = page["nextCursor"].as_str().unwrap();
        let next = app.get(&format!("/integrations?limit=3&cursor={cursor}")).await.expect(200);
        assert!(next["integrations"][0]["name"].as_str() > page["integrations"][2]["name"].as_str());
        app.get("/integrations?summary=maybe").await.expect_field("summary");
    }
}
