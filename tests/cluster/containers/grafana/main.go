// Stands in for Grafana's server, which no registry of modules has: it is started like it,
// listens on its port and says that it is well. It knows nothing of boards.
package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/api/health", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "application/json")
		fmt.Fprint(answer, `{"database": "ok", "version": "12.0.0", "commit": "stand-in"}`)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}
