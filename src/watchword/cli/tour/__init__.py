"""The guided tour: the whole way of an action, played over HTTP as a store would, with the real messages."""
