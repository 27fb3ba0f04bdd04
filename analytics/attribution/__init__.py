"""Attribution: which touches a conversion is owed to, by rules of thumb and by the chain of touches itself."""
