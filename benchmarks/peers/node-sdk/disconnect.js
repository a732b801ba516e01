// $disconnect as the Node samples have it.
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, DeleteCommand } = require("@aws-sdk/lib-dynamodb");

const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));

exports.handler = async (event) => {
  const { connectionId } = event.requestContext;
  await table.send(new DeleteCommand({ TableName: process.env.CONNECTIONS_TABLE, Key: { connectionId } }));
  return { statusCode: 200 };
};
