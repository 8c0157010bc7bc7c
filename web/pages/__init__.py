"""The pages: each module holds the routes of one of them. A route parses, calls one use case, shows the result."""
