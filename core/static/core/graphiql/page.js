// Starts GraphiQL on the page's own endpoint. The session's cookie goes along by itself, its CSRF token from here;
// an API key is typed into the Headers tab.
(function () {
  "use strict";
  var root = document.getElementById("graphiql");
  // The dialogs write a style element, and ask here for the nonce that the page's policy wants to see on it.
  window.__webpack_nonce__ = root.dataset.nonce;
  var fetcher = GraphiQL.createFetcher({
    url: root.dataset.endpoint,
    headers: { "X-CSRFToken": root.dataset.csrf },
  });
  var welcome = [
    "# Signed in to the admin? Then queries run as you.",
    "# Else put an API key into the Headers tab below:",
    '#   {"Authorization": "Bearer <key>"}',
    "",
    "query Companies {",
    "  companies(first: 10) {",
    "    nodes {",
    "      name",
    "      contacts(first: 3) {",
    "        nodes {",
    "          name",
    "          email",
    "        }",
    "      }",
    "    }",
    "    pageInfo {",
    "      hasNextPage",
    "      endCursor",
    "    }",
    "  }",
    "}",
    "",
  ].join("\n");
  ReactDOM.createRoot(root).render(
    React.createElement(GraphiQL, { fetcher: fetcher, defaultQuery: welcome, shouldPersistHeaders: false })
  );
})();
