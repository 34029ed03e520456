// Commits transactions for ever, each with the next number, and says so.
#include <cstdio>
#include <cstdlib>
#include <sqlite3.h>

static void run(sqlite3 *database, const char *query) {
  char *error = nullptr;
  if (sqlite3_exec(database, query, nullptr, nullptr, &error)) {
    std::printf("failed: %s: %s\n", query, error);
    std::exit(1);
  }
}

int main() {
  sqlite3 *database;
  sqlite3_open("/data/db", &database);
  run(database, "pragma synchronous = full; pragma journal_mode = truncate;"
                "create table if not exists t(n integer primary key, v)");
  sqlite3_stmt *last;
  sqlite3_prepare_v2(database, "select coalesce(max(n), 0) from t", -1, &last,
                     nullptr);
  sqlite3_step(last);
  int number = sqlite3_column_int(last, 0);
  sqlite3_finalize(last);
  std::printf("begins after %d\n", number);
  std::fflush(stdout);
  while (true) {
    char query[200];
    std::snprintf(query, sizeof(query),
                  "begin; insert into t values (%d, randomblob(%d));"
                  "update t set v = randomblob(3000) where n = %d; commit",
                  ++number, number * 37 % 5000, number / 2);
    run(database, query);
    std::printf("committed %d\n", number);
    std::fflush(stdout);
  }
}
