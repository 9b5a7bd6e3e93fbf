//! The vendor's Rust client provisions and reads here: prints what it saw, one line each.
use aliyun_log_rust_sdk::{get_cursor_models::CursorPos, Client, Config, FromConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let (endpoint, project, logstore) = (&arguments[1], &arguments[2], &arguments[3]);
    let client = Client::from_config(
        Config::builder().access_key("id", "secret").endpoint(endpoint).build()?,
    )?;

    client.create_project(project).description("of rust").send().await?;
    let answer = client.get_project(project).send().await?;
    let body = answer.get_body();
    println!("project {} {} {}", body.project_name(), body.description(), body.data_redundancy_type());
    let answer = client.list_projects(0, 100).project_name(project.as_str()).send().await?;
    for found in answer.get_body().projects() {
        println!("listed {} {}", found.project_name(), found.data_redundancy_type());
    }
    client.update_project(project).description("changed").send().await?;

    client.create_logstore(project, logstore).shard_count(2).ttl(7).mode("query").hot_ttl(7).send().await?;
    let answer = client.get_logstore(project, logstore).send().await?;
    let body = answer.get_body();
    println!("logstore {} {} {:?}", body.mode(), body.ttl(), body.hot_ttl());
    let answer = client.list_logstores(project, 0, 100).mode("query").send().await?;
    println!("logstores {}", answer.get_body().logstores().join(","));
    let answer = client.list_shards(project, logstore).send().await?;
    println!("shards {}", answer.get_body().shards().len());
    let answer = client.get_cursor(project, logstore, 0).cursor_pos(CursorPos::End).send().await?;
    println!("cursor {}", !answer.get_body().cursor().is_empty());
    match client.get_index(project, logstore).send().await {
        Ok(_) => println!("index"),
        Err(error) => println!("index {}", error.to_string().contains("IndexConfigNotExist")),
    }
    client.delete_logstore(project, logstore).send().await?;
    client.delete_project(project).send().await?;
    Ok(())
}
