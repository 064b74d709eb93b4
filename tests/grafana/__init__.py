"""A small server that speaks the part of Grafana's HTTP API that tigctl uses; its state in memory.

Modelled on Grafana 12: its HTTP API reference (dashboard, folder, data source, folder/dashboard
search, user; grafana.com/docs/grafana/v12.4/developer-resources/api-reference/http-api)
and, for what that leaves open, its source (pkg/api/{dashboard,folder,datasources}.go,
pkg/api/apierrors, pkg/services/dashboards/errors.go, pkg/services/datasources):

- log-in by basic authentication; five wrong passwords shut a user out; /api/health needs none
- under a sub-path everything else is redirected (301) to it, but for /api/health
- a data source's secrets go in by secureJsonData and never come out; only secureJsonFields says
  which there are; those not sent stay; a name and a uid are there once; a save with an old
  version is a 409; read-only ones (provisioned) cannot be changed; the list has neither version
  nor secureJsonFields
- a folder is saved with its version or with overwrite, else 412; the list has one level only,
  that of parentUid; deleting a folder deletes the boards and folders in it
- a board is saved by uid; without overwrite another version than the stored one is a 412
  (version-mismatch); the folder has to be there; ids and versions are Grafana's
- a search has neither content nor version of a board

What alerting and files are modelled on stands in alerting.py and files.py. It leaves out
organisations, permissions, and everything about drawing. Whoever is signed in may do everything.
"""
